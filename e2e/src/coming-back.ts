import { fillSignIn, type PersonDetails } from '@entangle/testkit/harness'
import type { Page, Response } from 'playwright-core'

/**
 * A browser keeps its cookies in memory for up to half a minute before it writes them down. Killed before
 * that, it comes back without a session: the person gives their password, and everything must be there.
 * Killed again before they did, the device knows that it is signed out, and asks nobody.
 */
export async function comeBack(page: Page, url: string, who: PersonDetails): Promise<void> {
  // Only a device that kept the account greets its person; one that lost it offers to create one.
  const welcome = page.getByRole('heading', { name: `Welcome back, ${who.displayName}` })
  const isRenewal = (answer: Response) => answer.url().endsWith('/v1/auth/refresh') && answer.ok()
  const settled = Promise.any([page.waitForResponse(isRenewal), welcome.waitFor()])
  await Promise.all([settled, page.goto(url)])
  if (await welcome.isVisible()) await fillSignIn(page, who)
  await page.getByRole('list', { name: 'Chats' }).waitFor()
}
