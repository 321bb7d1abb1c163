import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PINNED_SEEDS } from './pinned-seeds.ts'
import { type History, playSeed } from './play/history.ts'
import { openStage, type Stage } from './play/stage.ts'
import { describeFailure, describeFigures } from './report.ts'

/** Seeds to one test, so that the progress can be seen. */
const PORTION = 25
const HOUR_MS = 3600 * 1000

const isCampaign = process.env['CAMPAIGN'] === 'long'
const given = Number(process.env['SEED'] ?? 0)
const rounds = Number(process.env['ROUNDS'] ?? (isCampaign ? 2000 : 190))
/** `npm test` plays the same histories every time; a campaign plays new ones, from a number that it prints. */
const first = given > 0 ? given : isCampaign ? randomInt(1, 1_000_000_000) : 1

/** One of two equal parts, each in a process of its own: the seeds with this remainder. */
export function playHistories(part: 0 | 1): void {
  let stage: Stage | undefined
  const histories: History[] = []
  let durationMs = 0

  beforeAll(async () => {
    stage = await openStage()
  }, HOUR_MS)
  afterAll(async () => {
    await stage?.close()
    if (histories.length > 0) process.stdout.write(`${describeFigures(histories, durationMs)}\n`)
  }, HOUR_MS)

  const play = async (seed: number) => {
    if (stage === undefined) throw new Error('the stage is not there')
    const startedAt = performance.now()
    const history = await playSeed(stage, seed)
    durationMs += performance.now() - startedAt
    histories.push(history)
    if (history.failure !== undefined) expect.fail(describeFailure(history))
    expect(history.operations).toBeGreaterThanOrEqual(100)
    expect(history.devices).toBeGreaterThanOrEqual(6)
    expect(history.counts.get('crashes')).toBeGreaterThanOrEqual(3)
  }

  const isOurs = (seed: number) => seed % 2 === part
  const pinned = given > 0 ? [] : PINNED_SEEDS.filter(({ seed }) => isOurs(seed))
  for (const { seed, found } of pinned) {
    test(`P40 P62 seed ${String(seed)}: ${found}`, () => play(seed), HOUR_MS)
  }
  const isPlayed = (seed: number) => pinned.some(known => known.seed === seed)
  const seeds = Array.from({ length: rounds }, (_, index) => first + index).filter(
    seed => isOurs(seed) && !isPlayed(seed),
  )
  for (let at = 0; at < seeds.length; at += PORTION) {
    const portion = seeds.slice(at, at + PORTION)
    const [from] = portion
    test(
      `P40 P41 P61 P62 P63 P64 P84 histories from SEED=${String(from)} end with everybody in step`,
      async () => {
        for (const seed of portion) await play(seed)
      },
      HOUR_MS,
    )
  }
  if (seeds.length === 0) test.skip('no history for this part', () => undefined)
}
