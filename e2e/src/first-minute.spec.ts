import { bubble, newPerson, openNewChat, openRequest, ownMessage, send } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('from the first page to the first delivered message takes less than a minute', async () => {
  const ben = await stage.join(BEN)
  const startedAt = performance.now()
  const anna = await newPerson(stage.browser, stage.server.url, ANNA)
  await openNewChat(anna, ben)
  await send(anna.page, ben, 'good morning')
  await ownMessage(anna.page, 'good morning', 'sent')
    .or(ownMessage(anna.page, 'good morning', 'delivered'))
    .waitFor()
  await openRequest(ben.page, ANNA)
  await bubble(ben.page, 'good morning').waitFor()
  const tookMs = performance.now() - startedAt
  process.stdout.write(`first message after ${(tookMs / 1000).toFixed(1)} s\n`)
  expect(tookMs).toBeLessThan(60_000)
})
