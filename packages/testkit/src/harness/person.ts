import type { Browser, BrowserContext, Page } from 'playwright-core'

/** Somebody at a browser. What they do goes through roles and names alone, as a screen reader would tell them. */
export type Person = {
  readonly handle: string
  readonly displayName: string
  readonly password: string
  readonly context: BrowserContext
  readonly page: Page
}

export type PersonDetails = Pick<Person, 'handle' | 'displayName' | 'password'>

/** A password that no list of common ones holds. */
const PASSWORD = 'violet-harbour-57-lantern'

export const personDetails = (handle: string, displayName: string): PersonDetails => ({
  handle,
  displayName,
  password: `${PASSWORD}-${handle}`,
})

/** A new context, the first page, an account, and the empty chat that follows. */
export async function newPerson(browser: Browser, url: string, details: PersonDetails): Promise<Person> {
  const context = await browser.newContext()
  return signUp(context, url, details)
}

export async function signUp(context: BrowserContext, url: string, details: PersonDetails): Promise<Person> {
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(url)
  await fillSignUp(page, details)
  await expectSignedIn(page)
  return { ...details, context, page }
}

export async function fillSignUp(page: Page, details: PersonDetails): Promise<void> {
  await page.getByRole('button', { name: 'Create account' }).waitFor()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(details.handle)
  await page.getByRole('textbox', { name: 'Display name' }).fill(details.displayName)
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(details.password)
  await page.getByRole('button', { name: 'Create account' }).click()
}

export async function fillSignIn(
  page: Page,
  details: Pick<PersonDetails, 'handle' | 'password'>,
): Promise<void> {
  const link = page.getByRole('button', { name: 'I have an account' })
  const submit = page.getByRole('button', { name: 'Sign in', exact: true })
  await link.or(submit).first().waitFor()
  if (await link.isVisible()) await link.click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(details.handle)
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(details.password)
  await submit.click()
}

export async function expectSignedIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).first().waitFor({ timeout: 60_000 })
}

/** Finds somebody by their handle and opens the chat with them. */
export async function openNewChat(person: Pick<Person, 'page'>, other: PersonDetails): Promise<void> {
  const { page } = person
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(other.handle)
  await page.keyboard.press('Enter')
  await composer(page, other).waitFor()
}

/** Opens a chat that is in the list already. */
export async function openChat(page: Page, other: Pick<PersonDetails, 'displayName'>): Promise<void> {
  if (await composer(page, other).isVisible()) return
  await chatLink(page, other).click()
}

export const chatLink = (page: Page, other: Pick<PersonDetails, 'displayName'>) =>
  page.getByRole('link', { name: new RegExp(escapeRegExp(other.displayName)) }).first()

export const composer = (page: Page, other: Pick<PersonDetails, 'displayName'>) =>
  page.getByRole('textbox', { name: `Message ${other.displayName}` })

/** Writes and sends; does not wait for anybody but the composer. */
export async function send(
  page: Page,
  other: Pick<PersonDetails, 'displayName'>,
  text: string,
): Promise<void> {
  const box = composer(page, other)
  await box.fill(text)
  await box.press('Enter')
}

export const bubble = (page: Page, text: string) =>
  page.getByRole('article').filter({ has: page.getByText(text, { exact: true }) })

/** The stranger's first message arrives as a request: this answers it. */
export async function answerRequest(
  page: Page,
  from: Pick<PersonDetails, 'displayName'>,
  answer: 'Accept' | 'Refuse' | 'Block',
): Promise<void> {
  await chatLink(page, from).click()
  await page.getByRole('button', { name: answer, exact: true }).click()
}

/** Two people who talk already: the first wrote, the second accepted. */
export async function introduce(first: Person, second: Person, text = 'hello'): Promise<void> {
  await openNewChat(first, second)
  await send(first.page, second, text)
  await answerRequest(second.page, first, 'Accept')
  await bubble(second.page, text).waitFor()
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
