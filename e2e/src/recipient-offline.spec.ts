import { chatLink, introduce, openChat } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllSent, readSeries, sendSeries, seriesOf } from './series.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P63 somebody who was away for 50 messages finds all of them on coming back', async () => {
  const anna = await stage.join(ANNA)
  const ben = await stage.join(BEN)
  await introduce(anna, ben)
  await ben.page.close()
  const texts = seriesOf('anna', 50)
  await sendSeries(anna.page, ben, texts)
  await expectAllSent(anna)

  const page = await ben.context.newPage()
  await page.goto(stage.server.url)
  await chatLink(page, anna).filter({ hasText: '50 unread' }).waitFor()
  await openChat(page, anna)
  expect(await readSeries(page, texts)).toEqual(texts)
})
