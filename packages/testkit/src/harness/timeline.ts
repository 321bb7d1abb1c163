import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'

/** Follows the newest messages again, if the page has stayed behind. */
export async function jumpToLatest(page: Page): Promise<void> {
  // While there is nothing to jump over it is inert, which nobody can see or reach.
  const jump = page.getByRole('button', { name: /^Jump to latest/ }).and(page.locator(':not([inert])'))
  if (await jump.isVisible()) await jump.click({ timeout: 2000 }).catch(() => undefined)
}

/**
 * Texts of the messages in the open chat that match `pattern`, oldest first. The application keeps only a
 * window of a long timeline on the page, so this walks from its end up to its beginning, as a person would.
 */
export async function readTimeline(page: Page, pattern: RegExp): Promise<string[]> {
  await page.bringToFront()
  await jumpToLatest(page)
  const texts = await visibleTexts(page, pattern)
  const messages = page.getByRole('region', { name: /^Messages with / })
  for (let idle = 0; idle < 3; ) {
    await messages.hover({ position: { x: 20, y: 60 } })
    await page.mouse.wheel(0, -3000)
    await sleep(150)
    const earlier = beforeFirst(await visibleTexts(page, pattern), texts)
    idle = earlier.length === 0 ? idle + 1 : 0
    texts.unshift(...earlier)
  }
  await jumpToLatest(page)
  return texts
}

/** What of `seen` stands before the rows that are known already; all of it when none of them is on the page. */
function beforeFirst(seen: readonly string[], known: readonly string[]): string[] {
  const first = known[0]
  if (first === undefined) return [...seen]
  const index = seen.indexOf(first)
  return index < 0 ? [...seen] : seen.slice(0, index)
}

/** A doubled message is returned twice: rows are counted, not texts. */
async function visibleTexts(page: Page, pattern: RegExp): Promise<string[]> {
  const articles = await page.getByRole('article').allInnerTexts()
  return articles.flatMap(text => text.match(pattern)?.[0] ?? [])
}

/** Waits until `read` gives what is wanted, or fails with what it gave last. */
export async function waitUntil<T>(
  what: string,
  read: () => Promise<T> | T,
  isWanted: (value: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const value = await read()
    if (isWanted(value)) return value
    if (Date.now() > giveUpAt)
      throw new Error(`${what}: not within ${timeoutMs} ms; last: ${JSON.stringify(value)}`)
    await sleep(100)
  }
}
