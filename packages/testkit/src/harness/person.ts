import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'

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

/**
 * A new context, the first page, an account, and the empty chat that follows. They have asked their system for
 * less motion: drawing it takes half of a small machine's time.
 */
export async function newPerson(browser: Browser, url: string, details: PersonDetails): Promise<Person> {
  return signUp(await browser.newContext({ reducedMotion: 'reduce' }), url, details)
}

export async function signUp(context: BrowserContext, url: string, details: PersonDetails): Promise<Person> {
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(url)
  await fillSignUp(page, details)
  await expectSignedIn(page)
  return { ...details, context, page }
}

export async function fillSignUp(page: Page, details: PersonDetails): Promise<void> {
  const submit = page.getByRole('button', { name: 'Create account' })
  await goTo(page, submit, ['Use another account', 'Create an account'])
  await nameField(page).fill(details.handle)
  await page.getByRole('textbox', { name: 'Display name' }).fill(details.displayName)
  await passwordField(page).fill(details.password)
  await submit.click()
}

export async function fillSignIn(
  page: Page,
  details: Pick<PersonDetails, 'handle' | 'password'>,
): Promise<void> {
  const submit = page.getByRole('button', { name: 'Sign in', exact: true })
  await goTo(page, submit, ['Sign in'])
  // A device that kept somebody's data asks for their password only.
  if (await nameField(page).isVisible()) await nameField(page).fill(details.handle)
  await passwordField(page).fill(details.password)
  await submit.click()
}

const nameField = (page: Page) => page.getByRole('textbox', { name: 'Name', exact: true })
const passwordField = (page: Page) => page.getByRole('textbox', { name: 'Password', exact: true })

/** From whichever card stands before the sign-in to the one with `goal`, by the links between them. */
async function goTo(page: Page, goal: Locator, links: readonly string[]): Promise<void> {
  for (;;) {
    const steps = links.map(name => page.getByRole('link', { name, exact: true }))
    const next = steps.reduce((either, step) => either.or(step), goal)
    await next.first().waitFor()
    if (await goal.isVisible()) return
    await next.first().click()
  }
}

export async function expectSignedIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).waitFor({ timeout: 60_000 })
}

/** Finds somebody by their handle and opens the chat with them. */
export async function openNewChat(person: Pick<Person, 'page'>, other: PersonDetails): Promise<void> {
  const { page } = person
  await page.getByRole('button', { name: 'New chat' }).click()
  const dialog = page.getByRole('dialog', { name: 'New chat' })
  await nameField(page).fill(other.handle)
  await dialog.getByRole('button', { name: 'Find' }).click()
  await dialog.getByRole('button', { name: `Write to ${other.displayName}` }).click()
  await composer(page, other).waitFor()
}

/** Opens a chat that is in the list already. */
export async function openChat(page: Page, other: Pick<PersonDetails, 'displayName'>): Promise<void> {
  if (await composer(page, other).isVisible()) return
  await chatLink(page, other).click()
}

export const chatLink = (page: Page, other: Pick<PersonDetails, 'displayName'>) =>
  page.getByRole('list', { name: 'Chats' }).getByRole('link', { name: nameOf(other) })

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

/** The message with this text: its name is the text, the sender, the time and how far it has come. */
export const bubble = (page: Page, text: string) =>
  page.getByRole('article', { name: new RegExp(`^${escapeRegExp(text)}, `) })

/** The same of an own message that is stored: until then it shows without a state. */
export const written = (page: Page, text: string) =>
  page.getByRole('article', {
    name: new RegExp(`^${escapeRegExp(text)}, You, .*, (waiting to be sent|sent|delivered|read)$`),
  })

/** How far an own message has come, in the words that a screen reader says. */
export const ownMessage = (page: Page, text: string, state: 'sent' | 'delivered' | 'read') =>
  page.getByRole('article', { name: new RegExp(`^${escapeRegExp(text)}, You, .*, ${state}$`) })

/** Own messages that have not reached the server. */
export const unsentMessages = (page: Page) =>
  page.getByRole('article', { name: /, You, .*, (waiting to be sent|not sent)$/ })

/** Strangers' messages are in a group of their own, closed until somebody looks. */
export async function openRequest(page: Page, from: Pick<PersonDetails, 'displayName'>): Promise<void> {
  const group = page.getByRole('button', { name: /message requests?$/ })
  await group.waitFor()
  if ((await group.getAttribute('aria-expanded')) === 'false') await group.click()
  await page
    .getByRole('list', { name: 'Message requests' })
    .getByRole('link', { name: nameOf(from) })
    .click()
}

export async function answerRequest(
  page: Page,
  from: Pick<PersonDetails, 'displayName'>,
  answer: 'Accept' | 'Refuse' | 'Block',
): Promise<void> {
  await openRequest(page, from)
  await page.getByRole('button', { name: answer, exact: true }).click()
}

/** Two people who talk already: the first wrote, the second accepted. */
export async function introduce(first: Person, second: Person, text = 'hello'): Promise<void> {
  await openNewChat(first, second)
  await send(first.page, second, text)
  await answerRequest(second.page, first, 'Accept')
  await bubble(second.page, text).waitFor()
  // Only now is it known on the second's device that nothing is unread: a page closed earlier may count one more.
  await ownMessage(first.page, text, 'read').waitFor()
}

const nameOf = (who: Pick<PersonDetails, 'displayName'>) => new RegExp(escapeRegExp(who.displayName))

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
