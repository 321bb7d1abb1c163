import { AxeBuilder } from '@axe-core/playwright'
import { bubble, introduce, newPerson, type Person, send } from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage
let anna: Person

beforeAll(async () => {
  stage = await openStage()
  anna = await newPerson(stage.browser, stage.server.url, ANNA)
  const ben = await stage.join(BEN)
  await introduce(anna, ben)
  await send(ben.page, anna, 'with a link https://example.org and some text')
  await bubble(anna.page, 'hello').waitFor()
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
    await bubble(anna.page, 'hello').waitFor()
    expect(await findViolations(anna.page)).toEqual([])
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
