import { introduce } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllSent, expectWhole, readSeries, sendSeries, seriesOf } from './series.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P40 two people exchange 100 messages each: same order on both sides, none lost, none doubled', async () => {
  const anna = await stage.join(ANNA)
  const ben = await stage.join(BEN)
  await introduce(anna, ben)
  const fromAnna = seriesOf('anna', 100)
  const fromBen = seriesOf('ben', 100)
  await Promise.all([sendSeries(anna.page, ben, fromAnna), sendSeries(ben.page, anna, fromBen)])
  await Promise.all([expectAllSent(anna), expectAllSent(ben)])

  const everything = [...fromAnna, ...fromBen]
  const atAnna = await readSeries(anna.page, everything)
  const atBen = await readSeries(ben.page, everything)
  expectWhole(atAnna, fromAnna, fromBen)
  expect(atBen).toEqual(atAnna)
})
