import { AxeBuilder } from '@axe-core/playwright'
import {
  bubble,
  chatLink,
  composer,
  introduce,
  newPerson,
  type Person,
  type PersonDetails,
  send,
} from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foundGroup, openGroupDetails, openNewGroup } from './group-steps.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

const GROUP = { displayName: 'Island weekend' }
let stage: Stage
let anna: Person

beforeAll(async () => {
  stage = await openStage()
  anna = await newPerson(stage.browser, stage.server.url, ANNA)
  const ben = await stage.join(BEN)
  await introduce(anna, ben)
  await send(ben.page, anna, 'with a link https://example.org and some text')
  await bubble(anna.page, 'hello').waitFor()
  await foundGroup(anna.page, GROUP, [BEN])
  await chatLink(ben.page, GROUP).click()
  await send(ben.page, GROUP, 'a name stands above this')
  const details = await openGroupDetails(anna.page)
  await details.getByRole('button', { name: 'Create an invite link' }).click()
  await details.getByRole('textbox', { name: 'Invite link' }).waitFor()
  await closeDetails(anna.page)
})
afterAll(() => stage?.close())

async function findViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)
}

const LOOKS = (['light', 'dark'] as const).flatMap(colorScheme =>
  [1280, 390].map(width => ({ colorScheme, width })),
)

async function lookAs(page: Page, { colorScheme, width }: (typeof LOOKS)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height: 800 })
}

/** On a narrow screen the list is behind the open chat. */
async function goBack(page: Page): Promise<void> {
  const back = page.getByRole('link', { name: 'Back to chats' })
  if (await back.isVisible()) await back.click()
}

/** Details stand beside the chat where there is room for them, else in a sheet over it. */
async function closeDetails(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: 'Close details' })
    .or(page.getByRole('dialog', { name: /^About / }).getByRole('button', { name: 'Close', exact: true }))
    .click()
}

async function turnTo(page: Page, chat: Pick<PersonDetails, 'displayName'>): Promise<void> {
  await goBack(page)
  await chatLink(page, chat).click()
  await composer(page, chat).waitFor()
}

describe.each(LOOKS)('in $colorScheme at $width pixels', look => {
  test('the sign-up screen has no accessibility violations', async () => {
    const page = await (await stage.browser.newContext()).newPage()
    await lookAs(page, look)
    await page.goto(stage.server.url)
    await page.getByRole('button', { name: 'Create account' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.context().close()
  })

  test('a conversation has no accessibility violations', async () => {
    await lookAs(anna.page, look)
    await turnTo(anna.page, BEN)
    await bubble(anna.page, 'hello').waitFor()
    expect(await findViolations(anna.page)).toEqual([])
  })

  test('a group, its details, and the dialog that founds one have no accessibility violations', async () => {
    const { page } = anna
    await lookAs(page, look)
    await turnTo(page, GROUP)
    await bubble(page, 'a name stands above this').waitFor()
    expect(await findViolations(page)).toEqual([])

    const details = await openGroupDetails(page)
    await details.getByRole('textbox', { name: 'Invite link' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await closeDetails(page)

    await goBack(page)
    await openNewGroup(page)
    await page.getByRole('checkbox', { name: BEN.displayName }).check()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
  })
})

test('the new chat dialog and the settings have no accessibility violations', async () => {
  await lookAs(anna.page, { colorScheme: 'light', width: 1280 })
  await anna.page.getByRole('button', { name: 'New chat' }).click()
  await anna.page.getByRole('textbox', { name: 'Name', exact: true }).waitFor()
  expect(await findViolations(anna.page)).toEqual([])
  await anna.page.keyboard.press('Escape')
  await anna.page.getByRole('link', { name: 'Settings', exact: true }).click()
  await anna.page.getByRole('button', { name: 'Sign out' }).waitFor()
  expect(await findViolations(anna.page)).toEqual([])
})
