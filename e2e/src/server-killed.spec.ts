import { setTimeout as sleep } from 'node:timers/promises'
import { createSeededRandom, introduce, readTimeline } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllSent, expectWhole, NUMBERED, readSeries, sendSeries, seriesOf } from './series.ts'
import { ANNA, BEN, isCampaign, openStageWithServer, type StageWithServer } from './stage.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? (isCampaign ? 50 : 3))
const PER_ROUND = 20
const random = createSeededRandom('server killed')
let stage: StageWithServer

beforeAll(async () => {
  stage = await openStageWithServer()
})
afterAll(() => stage?.close())

test('P44 a server killed in the middle of sending loses nothing that it acknowledged, and the rest arrives by itself', async () => {
  const anna = await stage.join(ANNA)
  const ben = await stage.join(BEN)
  await introduce(anna, ben)
  for (let round = 0; round < ROUNDS; round++) {
    const fromAnna = seriesOf('anna', PER_ROUND, round * PER_ROUND + 1)
    const fromBen = seriesOf('ben', PER_ROUND, round * PER_ROUND + 1)
    const writing = Promise.all([sendSeries(anna.page, ben, fromAnna), sendSeries(ben.page, anna, fromBen)])
    await sleep(random.integer(20, 900))
    await stage.server.kill9()
    await writing
    await stage.server.restart()
    await Promise.all([expectAllSent(anna), expectAllSent(ben)])
  }
  const fromAnna = seriesOf('anna', ROUNDS * PER_ROUND)
  const fromBen = seriesOf('ben', ROUNDS * PER_ROUND)
  const everything = [...fromAnna, ...fromBen]
  const atBen = await readSeries(ben.page, everything, 120_000)
  await readSeries(anna.page, everything, 120_000)
  expectWhole(atBen, fromAnna, fromBen)
  expect(await readTimeline(anna.page, NUMBERED)).toEqual(atBen)
})
