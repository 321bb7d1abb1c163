import {
  bubble,
  createNetworkLink,
  expectSignedIn,
  fillSignUp,
  introduce,
  openChat,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllSent, numbered, readSeries, sendSeries, seriesOf } from './series.ts'
import { ANNA, BEN, CLEO, openStage, type Stage, somebody } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P60 what is written without a network waits, says so, and goes out by itself', async () => {
  const link = stage.keep(await createNetworkLink(stage.server.port))
  const browser = await stage.openBrowser({ detour: { from: stage.server.port, to: link.port } })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(stage.server.url)
  await fillSignUp(page, ANNA)
  await expectSignedIn(page)
  const anna = { ...ANNA, context, page }
  const ben = await stage.join(BEN)
  await introduce(anna, ben)

  link.cut()
  await context.setOffline(true)
  const texts = seriesOf('anna', 5)
  await sendSeries(page, BEN, texts)
  await bubble(page, numbered('anna', 5)).waitFor()
  await page
    .getByText(/^Offline/)
    .filter({ visible: true })
    .first()
    .waitFor()
  link.heal()
  await context.setOffline(false)
  await expectAllSent(anna)
  expect(await readSeries(ben.page, texts)).toEqual(texts)
})

test('history is on the page before the network answers', async () => {
  const reader = await stage.join(CLEO)
  const other = await stage.join(somebody('dora', 'Dora Lindt'))
  await introduce(reader, other)
  await reader.context.route('**/v1/**', route => route.abort())
  await reader.page.reload()
  await openChat(reader.page, other)
  await bubble(reader.page, 'hello').waitFor()
})
