import type { PersonDetails } from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'

type Named = Pick<PersonDetails, 'displayName'>

/** Founds a group with people found by their handles; its founder then stands in it. */
export async function foundGroup(page: Page, group: Named, people: readonly PersonDetails[]): Promise<void> {
  await openNewGroup(page)
  const dialog = page.getByRole('dialog', { name: 'New group' })
  await dialog.getByRole('textbox', { name: 'Group name' }).fill(group.displayName)
  const chosen = dialog.getByRole('list', { name: 'Chosen people' })
  for (const { handle, displayName } of people) {
    await dialog.getByRole('textbox', { name: 'People' }).fill(handle)
    await dialog.getByRole('button', { name: 'Find', exact: true }).click()
    await chosen.getByRole('button', { name: `Take ${displayName} out again` }).waitFor()
  }
  await dialog.getByRole('button', { name: 'Create group' }).click()
}

export async function openNewGroup(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).click()
  await page.getByRole('button', { name: 'New group' }).click()
  await page.getByRole('textbox', { name: 'Group name' }).waitFor()
}

/** What is said of a group beside it, or on a narrow screen over it. */
export async function openGroupDetails(page: Page) {
  const details = page
    .getByRole('complementary', { name: /^About / })
    .or(page.getByRole('dialog', { name: /^About / }))
  if (!(await details.isVisible())) await page.getByRole('button', { name: 'Details', exact: true }).click()
  await details.getByRole('list', { name: 'Members' }).getByText('You', { exact: true }).waitFor()
  return details
}

/** The menu of one member, open. */
export async function openMemberMenu(page: Page, member: Named) {
  const details = await openGroupDetails(page)
  await details.getByRole('button', { name: `Actions for ${member.displayName}` }).click()
  const menu = page.getByRole('menu')
  await menu.waitFor()
  return menu
}

/** Chooses what one member's menu offers, and says yes to the question that follows. */
export async function actOnMember(
  page: Page,
  member: Named,
  action: string,
  question: { readonly title: string; readonly yes: string },
): Promise<void> {
  const menu = await openMemberMenu(page, member)
  await menu.getByRole('menuitem', { name: action }).click()
  await confirm(page, question.title, question.yes)
}

export async function confirm(page: Page, title: string, yes: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: title })
  await dialog.getByRole('button', { name: yes, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** The line under the heading: who is in it, or why one is not. */
export const groupLine = (page: Page, words: string | RegExp) =>
  page.getByRole('status').filter({ hasText: words }).first()
