import { bubble, chatLink, composer, openNewChat, send } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P48 two people who write to each other first at the same moment end in one conversation', async () => {
  const anna = await stage.join(ANNA)
  const ben = await stage.join(BEN)
  await Promise.all([openNewChat(anna, ben), openNewChat(ben, anna)])
  await composer(anna.page, ben).fill('I was first')
  await composer(ben.page, anna).fill('no, I was')
  await Promise.all([anna, ben].map(({ page }) => page.keyboard.press('Enter')))
  for (const person of [anna, ben]) {
    await bubble(person.page, 'I was first').waitFor()
    await bubble(person.page, 'no, I was').waitFor()
  }
  // And the conversation goes on, as one.
  await send(anna.page, ben, 'together then')
  await bubble(ben.page, 'together then').waitFor()
  await send(ben.page, anna, 'gladly')
  await bubble(anna.page, 'gladly').waitFor()
  expect(await chatLink(anna.page, ben).count()).toBe(1)
  expect(await chatLink(ben.page, anna).count()).toBe(1)
})
