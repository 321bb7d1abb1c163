import { setTimeout as sleep } from 'node:timers/promises'
import { parseSend } from '@entangle/protocol'
import {
  createNetworkLink,
  createSeededRandom,
  createTempDir,
  introduce,
  launchProfileBrowser,
  openChat,
  type SentFrame,
  send,
  signUp,
  written,
} from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { comeBack } from './coming-back.ts'
import { expectAllSent, numbered, readSeries } from './series.ts'
import { ANNA, BEN, isCampaign, openStageWithServer, type StageWithServer } from './stage.ts'

const KILLS = Number(process.env['ROUNDS'] ?? (isCampaign ? 200 : 5))
/** Hundreds of messages are read by scrolling over all of them. */
const READING_MS = isCampaign ? 600_000 : 60_000
const random = createSeededRandom('browser killed')
let stage: StageWithServer

beforeAll(async () => {
  // One person signs in here more often than a server would let anybody.
  stage = await openStageWithServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
})
afterAll(() => stage?.close())

/** Writes until the browser is gone; returns what had been shown as written before that. */
async function writeUntilKilled(page: Page, texts: readonly string[]): Promise<string[]> {
  const shown: string[] = []
  try {
    for (const text of texts) {
      await send(page, BEN, text)
      await written(page, text).waitFor()
      shown.push(text)
    }
  } catch {
    // The browser was killed: what was under way may or may not have been kept.
  }
  return shown
}

/** Bodies by counter: the same number twice is allowed for the same bytes alone. */
function findReusedCounters(frames: readonly SentFrame[]): number[] {
  const bodies = new Map<number, Buffer>()
  const reused: number[] = []
  for (const { payload } of frames) {
    const frame = parseSend(payload)
    if (!frame) continue
    const body = Buffer.concat([Buffer.from(frame.conversationId), Buffer.from(frame.body)])
    const before = bodies.get(frame.counter)
    if (before && !before.equals(body)) reused.push(frame.counter)
    bodies.set(frame.counter, body)
  }
  expect(bodies.size).toBeGreaterThan(0)
  return reused
}

test(`P61 a browser killed ${KILLS} times at random moments loses no message and uses no key twice`, async () => {
  const link = stage.keep(await createNetworkLink(stage.server.port))
  const profile = await createTempDir('profile')
  stage.keep({ close: profile.remove })
  const detour = { from: stage.server.port, to: link.port }
  const ben = await stage.join(BEN)

  let browser = await launchProfileBrowser(profile.path, { detour })
  stage.keep({ close: () => browser.kill9() })
  const anna = await signUp(browser.context, stage.server.url, ANNA)
  await introduce(anna, ben)

  const kept: string[] = []
  let page = anna.page
  let count = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const texts = Array.from({ length: 10 }, () => numbered('anna', ++count))
    const writing = writeUntilKilled(page, texts)
    await sleep(random.integer(0, 700))
    await browser.kill9()
    kept.push(...(await writing))
    browser = await launchProfileBrowser(profile.path, { detour })
    page = browser.context.pages()[0] ?? (await browser.context.newPage())
    await comeBack(page, stage.server.url, ANNA)
    await openChat(page, BEN)
  }
  const last = numbered('anna', ++count)
  await send(page, BEN, last)
  await expectAllSent({ ...anna, page })

  const atBen = await readSeries(ben.page, [...kept, last], READING_MS)
  const atAnna = await readSeries(page, [...kept, last], READING_MS)
  expect(new Set(atBen).size).toBe(atBen.length)
  expect(atAnna).toEqual(atBen)
  expect(atBen).toEqual([...atBen].sort())
  expect(findReusedCounters(link.sentFrames)).toEqual([])
})
