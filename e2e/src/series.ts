import {
  bubble,
  jumpToLatest,
  type Person,
  type PersonDetails,
  readTimeline,
  send,
  unsentMessages,
  waitUntil,
  written,
} from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Numbered messages, so that loss, doubling and order can be told from their texts alone. */
export const numbered = (who: string, number: number): string => `${who} ${String(number).padStart(4, '0')}`

export const NUMBERED = /\b[a-z]+ \d{4}\b/

export const seriesOf = (who: string, count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => numbered(who, from + index))

export async function sendSeries(page: Page, other: PersonDetails, texts: readonly string[]): Promise<void> {
  for (const text of texts) await send(page, other, text)
  const last = texts.at(-1)
  if (last !== undefined) await written(page, last).waitFor()
}

/** Waits until the page has the last message, then reads everything it holds. */
export async function readSeries(
  page: Page,
  wanted: readonly string[],
  timeoutMs = 60_000,
): Promise<string[]> {
  const last = wanted.at(-1)
  if (last !== undefined) {
    await waitUntil(
      `"${last}" on the page`,
      async () => {
        await jumpToLatest(page)
        return bubble(page, last).isVisible()
      },
      isThere => isThere,
      timeoutMs,
    )
  }
  return waitUntil(
    'all messages on the page',
    () => readTimeline(page, NUMBERED),
    seen => wanted.every(text => seen.includes(text)),
    timeoutMs,
  )
}

/** None lost, none doubled, and each sender's own order kept. */
export function expectWhole(seen: readonly string[], ...series: readonly (readonly string[])[]): void {
  expect([...seen].sort()).toEqual(series.flat().sort())
  for (const texts of series) expect(seen.filter(text => texts.includes(text))).toEqual(texts)
}

/** No message of one's own shows that it failed or still waits. */
export async function expectAllSent(person: Person): Promise<void> {
  await waitUntil(
    'own messages out of the queue',
    () => unsentMessages(person.page).count(),
    count => count === 0,
  )
}
