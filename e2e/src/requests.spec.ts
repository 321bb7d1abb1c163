import { setTimeout as sleep } from 'node:timers/promises'
import {
  answerRequest,
  bubble,
  expectSignedIn,
  openNewChat,
  openRequest,
  ownMessage,
  type Person,
  send,
} from '@entangle/testkit/harness'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openStage, type Stage, somebody } from './stage.ts'

let stage: Stage
let pairs = 0
let anna: Person
let ben: Person

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

beforeEach(async () => {
  pairs++
  anna = await stage.join(somebody(`anna${pairs}`, 'Anna Winter'))
  ben = await stage.join(somebody(`ben${pairs}`, 'Ben Okafor'))
  await openNewChat(anna, ben)
  await send(anna.page, ben, 'do you remember me?')
})
afterEach(() => Promise.all([anna.context.close(), ben.context.close()]))

test('P66 a request that is accepted becomes a conversation', async () => {
  await answerRequest(ben.page, anna, 'Accept')
  await send(ben.page, anna, 'of course')
  await bubble(anna.page, 'of course').waitFor()
})

test('P66 a request that is refused is gone until the stranger writes again', async () => {
  await answerRequest(ben.page, anna, 'Refuse')
  const requests = ben.page.getByRole('button', { name: /message request/ })
  await requests.waitFor({ state: 'detached' })
  expect(await ben.page.getByText(anna.displayName).count()).toBe(0)
  await send(anna.page, ben, 'it was in Porto')
  await requests.waitFor()
})

test('P66 somebody blocked stays hidden and is not told', async () => {
  await answerRequest(ben.page, anna, 'Block')
  await ben.page.getByRole('button', { name: /message request/ }).waitFor({ state: 'detached' })
  await send(anna.page, ben, 'are you there?')
  await ownMessage(anna.page, 'are you there?', 'sent').waitFor()
  for (const look of ['at once', 'after loading again']) {
    await sleep(2000)
    expect(await ben.page.getByText('are you there?').count(), look).toBe(0)
    expect(await ben.page.title()).toBe('Entangle')
    await ben.page.reload()
    await expectSignedIn(ben.page)
  }
})

test('P66 nothing goes back to the stranger before the request is accepted', async () => {
  await openRequest(ben.page, anna)
  await bubble(ben.page, 'do you remember me?').waitFor()
  await sleep(3000)
  expect(await ownMessage(anna.page, 'do you remember me?', 'sent').count()).toBe(1)
  await ben.page.getByRole('button', { name: 'Accept', exact: true }).click()
  await ownMessage(anna.page, 'do you remember me?', 'read').waitFor()
})
