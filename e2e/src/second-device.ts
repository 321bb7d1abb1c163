import { expectSignedIn, fillSignIn, type Person, type PersonDetails } from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import type { Stage } from './stage.ts'

/** The same person at a browser that knows nothing of them yet: name and password, no more. */
export async function signInElsewhere(stage: Stage, details: PersonDetails): Promise<Person> {
  const context = await stage.browser.newContext()
  const page = await context.newPage()
  await page.goto(stage.server.url)
  await fillSignIn(page, details)
  await expectSignedIn(page)
  return { ...details, context, page }
}

export const openSettings = (page: Page) => page.getByRole('link', { name: 'Settings', exact: true }).click()

export const devicesOf = (page: Page) =>
  page.getByRole('list', { name: 'Signed-in devices' }).getByRole('listitem')
