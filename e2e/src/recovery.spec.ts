import { AxeBuilder } from '@axe-core/playwright'
import {
  bubble,
  chatLink,
  expectSignedIn,
  fillSignIn,
  introduce,
  openChat,
  type Person,
  send,
} from '@entangle/testkit/harness'
import type { Page, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSettings } from './second-device.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

const NEXT_PASSWORD = 'marble-orchard-81-tuesday'

let stage: Stage
let anna: Person
let ben: Person
let words: string[]

beforeAll(async () => {
  stage = await openStage()
  anna = await stage.join(ANNA)
  ben = await stage.join(BEN)
})
afterAll(() => stage?.close())

const card = (page: Page) => page.getByRole('region', { name: 'Save your recovery phrase' })

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([])
}

async function showWords(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Recovery phrase' })
  await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill(anna.password)
  await dialog.getByRole('button', { name: 'Show the words' }).click()
  const items = dialog.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem')
  await items.first().waitFor()
  const shown = await items.allInnerTexts()
  return shown.map(text => text.replace(/^\d+\s+/, ''))
}

test('nobody is asked to save the phrase before the first message; then a card asks and can be put off', async () => {
  await anna.page.waitForTimeout(500)
  expect(await card(anna.page).count()).toBe(0)
  await introduce(anna, ben)
  await card(anna.page).waitFor()
  await expectNoViolations(anna.page)
  // Written down a moment after it was said: nobody loads the page anew as fast as a machine.
  const isWritten = (answer: Response) =>
    answer.url().endsWith('/v1/chat/state') && answer.request().method() === 'POST'
  const written = anna.page.waitForResponse(isWritten)
  await card(anna.page).getByRole('button', { name: 'Later' }).click()
  await Promise.all([written, card(anna.page).waitFor({ state: 'detached' })])
  await anna.page.reload()
  await chatLink(anna.page, ben).waitFor()
  await anna.page.waitForTimeout(500)
  expect(await card(anna.page).count()).toBe(0)
})

test('the twelve words are shown after the password, and two of them are asked back', async () => {
  const { page } = anna
  await openSettings(page)
  await page.getByRole('button', { name: 'Save recovery phrase' }).click()
  words = await showWords(page)
  expect(words).toHaveLength(12)
  await expectNoViolations(page)
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  expect((await saving).suggestedFilename()).toBe(`entangle-recovery-${anna.handle}.txt`)

  await page.getByRole('button', { name: 'I have saved them' }).click()
  const asked = page.getByRole('textbox', { name: /^Word \d+$/ })
  await asked.first().waitFor()
  expect(await asked.count()).toBe(2)
  const check = page.getByRole('button', { name: 'Check', exact: true })
  for (const field of await asked.all()) await field.fill('nonsense')
  await check.click()
  await page
    .getByText(/^This is not word/)
    .first()
    .waitFor()
  for (const field of await asked.all()) {
    const place = Number((await field.getAttribute('name'))?.replace('word-', ''))
    await field.fill(words[place - 1] ?? '')
  }
  await check.click()
  await page.getByText('Your recovery phrase is saved.').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByText('You have saved it.').waitFor()
})

test('all devices lost: the words open the account and everything is there', async () => {
  await anna.context.close()
  const page = await (await stage.browser.newContext()).newPage()
  await page.goto(stage.server.url)
  await page.getByRole('link', { name: 'Sign in', exact: true }).click()
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(anna.handle)
  const phrase = page.getByRole('textbox', { name: 'Recovery phrase' })
  const submit = page.getByRole('button', { name: 'Recover account' })
  await page.getByRole('textbox', { name: 'New password' }).fill(NEXT_PASSWORD)

  await phrase.fill(words.with(4, 'qwertz').join(' '))
  await submit.click()
  await page.getByText(/“qwertz” \(number 5\) is not among the words/).waitFor()
  await expectNoViolations(page)

  await phrase.fill(words.map((word, index) => `${index + 1}. ${word.toUpperCase()},`).join('\n'))
  await submit.click()
  await expectSignedIn(page)
  await chatLink(page, ben).waitFor({ timeout: 10_000 })
  await openChat(page, ben)
  await bubble(page, 'hello').waitFor()
  await openChat(ben.page, anna)
  await send(page, ben, 'I am back')
  await bubble(ben.page, 'I am back').waitFor()
  await send(ben.page, anna, 'so you are')
  await bubble(page, 'so you are').waitFor()
  // It was saved once, and nobody is asked twice.
  expect(await card(page).count()).toBe(0)
})

test('the new password opens the account, the old one does not', async () => {
  const page = await (await stage.browser.newContext()).newPage()
  await page.goto(stage.server.url)
  await fillSignIn(page, anna)
  await page.getByText(/password is wrong/i).waitFor()
  await fillSignIn(page, { handle: anna.handle, password: NEXT_PASSWORD })
  await expectSignedIn(page)
  await chatLink(page, ben).waitFor()
})
