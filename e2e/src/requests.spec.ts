import { setTimeout as sleep } from 'node:timers/promises'
import { answerRequest, bubble, chatLink, openNewChat, type Person, send } from '@entangle/testkit/harness'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage
let anna: Person
let ben: Person

beforeEach(async () => {
  stage = await openStage()
  anna = await stage.join(ANNA)
  ben = await stage.join(BEN)
  await openNewChat(anna, ben)
  await send(anna.page, ben, 'do you remember me?')
})
afterEach(() => stage?.close())

test('P66 a request that is accepted becomes a conversation', async () => {
  await answerRequest(ben.page, anna, 'Accept')
  await send(ben.page, anna, 'of course')
  await bubble(anna.page, 'of course').waitFor()
})

test('P66 a request that is refused is gone until the stranger writes again', async () => {
  await answerRequest(ben.page, anna, 'Refuse')
  await chatLink(ben.page, anna).waitFor({ state: 'detached' })
  await send(anna.page, ben, 'it was in Porto')
  await chatLink(ben.page, anna).waitFor()
})

test('P66 somebody blocked stays hidden and is not told', async () => {
  await answerRequest(ben.page, anna, 'Block')
  await chatLink(ben.page, anna).waitFor({ state: 'detached' })
  await send(anna.page, ben, 'are you there?')
  await anna.page.getByRole('article', { name: /are you there.*sent/is }).waitFor()
  await sleep(2000)
  expect(await chatLink(ben.page, anna).count()).toBe(0)
  await ben.page.reload()
  await sleep(2000)
  expect(await chatLink(ben.page, anna).count()).toBe(0)
})

test('P66 nothing goes back to the stranger before the request is accepted', async () => {
  await chatLink(ben.page, anna).click()
  await ben.page.getByRole('button', { name: 'Accept', exact: true }).waitFor()
  await sleep(2000)
  const own = anna.page.getByRole('article', { name: /do you remember me/i })
  expect(await own.getAttribute('aria-label')).not.toMatch(/delivered|read/i)
})
