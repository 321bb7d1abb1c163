import {
  bubble,
  expectSignedIn,
  fillSignIn,
  fillSignUp,
  introduce,
  openChat,
  type Person,
  send,
} from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage, somebody } from './stage.ts'

let stage: Stage
let number = 0

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

const newcomer = () => somebody(`person${++number}`, `Person ${number}`)

const openSettings = (page: Page) => page.getByRole('link', { name: 'Settings', exact: true }).click()

async function signOut(page: Page, choice: 'Keep' | 'Erase'): Promise<void> {
  await openSettings(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('radio', { name: new RegExp(`^${choice}`) }).check()
  await page.getByRole('button', { name: `${choice} and sign out` }).click()
  await page.getByRole('textbox', { name: 'Password', exact: true }).waitFor()
}

/** Two people who have talked. */
async function pair(): Promise<[Person, Person]> {
  const first = await stage.join(newcomer())
  const second = await stage.join(newcomer())
  await introduce(first, second)
  return [first, second]
}

test('a name that is taken is said to be, and another one works', async () => {
  const first = await stage.join(newcomer())
  const page = await (await stage.browser.newContext()).newPage()
  await page.goto(stage.server.url)
  await fillSignUp(page, { ...newcomer(), handle: first.handle })
  await page.getByText(/name is taken/i).waitFor()
  await fillSignUp(page, newcomer())
  await expectSignedIn(page)
})

test('P20 a wrong password is refused in words, the right one opens the door', async () => {
  const person = await stage.join(newcomer())
  await signOut(person.page, 'Keep')
  await fillSignIn(person.page, { handle: person.handle, password: 'not-the-right-one-1' })
  await person.page.getByText(/password is wrong/i).waitFor()
  await fillSignIn(person.page, person)
  await expectSignedIn(person.page)
})

test('signing out and keeping the data: history is there after signing in again', async () => {
  const [first, second] = await pair()
  await signOut(first.page, 'Keep')
  await fillSignIn(first.page, first)
  await expectSignedIn(first.page)
  await openChat(first.page, second)
  await bubble(first.page, 'hello').waitFor()
  await send(second.page, first, 'welcome back')
  await bubble(first.page, 'welcome back').waitFor()
})

test('signing out and erasing: nothing of the account is left on the device, and signing in brings it back', async () => {
  const [first, second] = await pair()
  await signOut(first.page, 'Erase')
  const left = await first.page.evaluate('indexedDB.databases().then(list => list.map(each => each.name))')
  expect(JSON.stringify(left)).not.toContain(first.handle)
  await fillSignIn(first.page, first)
  await expectSignedIn(first.page)
  await openChat(first.page, second)
  await bubble(first.page, 'hello').waitFor()
})

test('P24 after a change of password only the new one works', async () => {
  const person = await stage.join(newcomer())
  const next = 'marble-orchard-81-tuesday'
  await openSettings(person.page)
  await person.page.getByRole('button', { name: 'Change password' }).click()
  await person.page.getByRole('textbox', { name: 'Present password' }).fill(person.password)
  await person.page.getByRole('textbox', { name: 'New password' }).fill(next)
  await person.page.getByRole('button', { name: 'Save password' }).click()
  await person.page.getByText(/password.*changed/i).waitFor()
  await person.page.reload()
  await expectSignedIn(person.page)
  await signOut(person.page, 'Keep')
  await fillSignIn(person.page, person)
  await person.page.getByText(/password is wrong/i).waitFor()
  await fillSignIn(person.page, { handle: person.handle, password: next })
  await expectSignedIn(person.page)
})

test('P25 a deleted account cannot sign in, its name stays taken, and its peers are told', async () => {
  const [first, second] = await pair()
  await openSettings(first.page)
  await first.page.getByRole('button', { name: 'Delete account' }).click()
  await first.page.getByRole('textbox', { name: 'Password', exact: true }).fill(first.password)
  await first.page.getByRole('checkbox', { name: 'Delete my account for good' }).check()
  await first.page.getByRole('dialog').getByRole('button', { name: 'Delete account' }).click()
  await first.page.getByText('Your account was deleted.').waitFor()
  await second.page.getByText(/^This account was deleted/).waitFor()
  await fillSignUp(first.page, { ...newcomer(), handle: first.handle })
  await first.page.getByText(/name is taken/i).waitFor()
})
