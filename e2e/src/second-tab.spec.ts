import { parseSend } from '@entangle/protocol'
import {
  bubble,
  createNetworkLink,
  expectSignedIn,
  fillSignUp,
  introduce,
  openChat,
  send,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllSent, expectWhole, readSeries, sendSeries, seriesOf } from './series.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P65 a second tab shows the same conversation and never advances the ratchet by itself', async () => {
  const link = stage.keep(await createNetworkLink(stage.server.port))
  const browser = await stage.openBrowser({ detour: { from: stage.server.port, to: link.port } })
  const context = await browser.newContext()
  const first = await context.newPage()
  await first.goto(stage.server.url)
  await fillSignUp(first, ANNA)
  await expectSignedIn(first)
  const anna = { ...ANNA, context, page: first }
  const ben = await stage.join(BEN)
  await introduce(anna, ben)

  const second = await context.newPage()
  await second.goto(stage.server.url)
  await openChat(second, BEN)
  await bubble(second, 'hello').waitFor()
  await send(ben.page, anna, 'seen in both')
  await Promise.all([bubble(first, 'seen in both').waitFor(), bubble(second, 'seen in both').waitFor()])

  const here = seriesOf('here', 20)
  const there = seriesOf('there', 20)
  await Promise.all([sendSeries(first, BEN, here), sendSeries(second, BEN, there)])
  await expectAllSent(anna)
  const atBen = await readSeries(ben.page, [...here, ...there])
  expectWhole(atBen, here, there)
  expect(await readSeries(first, [...here, ...there])).toEqual(atBen)
  expect(await readSeries(second, [...here, ...there])).toEqual(atBen)

  await first.close()
  await send(second, BEN, 'the other tab is gone')
  await bubble(ben.page, 'the other tab is gone').waitFor()

  // Every encryption has a number of its own, and only one connection at a time has sent any.
  const sent = link.sentFrames.flatMap(({ connection, payload }) => {
    const frame = parseSend(payload)
    return frame
      ? [{ connection, counter: frame.counter, body: Buffer.from(frame.body).toString('hex') }]
      : []
  })
  expect(new Set(sent.map(frame => frame.body)).size).toBe(new Set(sent.map(frame => frame.counter)).size)
  const counters = sent.map(frame => frame.counter)
  expect(counters).toEqual([...counters].sort((a, b) => a - b))
})
