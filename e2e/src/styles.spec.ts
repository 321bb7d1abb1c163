import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

/** `#0c6672` as a browser says it of an element. */
const asRgb = (hex: string): string => {
  const parts = hex.match(/[0-9a-f]{2}/gi) ?? []
  return `rgb(${parts.map(part => Number.parseInt(part, 16)).join(', ')})`
}

test.each(['light', 'dark'] as const)(
  'in %s the button to press is filled with the accent colour',
  async colorScheme => {
    const page = await (await stage.browser.newContext({ colorScheme })).newPage()
    await page.goto(stage.server.url)
    await page.getByRole('button', { name: 'Create account' }).waitFor()
    const accent = await page.evaluate(
      "getComputedStyle(document.documentElement).getPropertyValue('--accent')",
    )
    const background = await page.evaluate(
      "getComputedStyle(document.querySelector('button[type=submit]')).backgroundColor",
    )
    expect(background).toBe(asRgb(String(accent)))
  },
)
