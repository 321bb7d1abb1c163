import type { Entry } from '../history.ts'
import { writeBooks } from './book.ts'
import { checkCursors, checkLeaks, checkRevocations } from './edge-checks.ts'
import { checkOrder, checkOutcomes, checkRealTime, checkSight } from './log-checks.ts'
import { PROPERTIES, type Violation } from './verdict.ts'

export { PROPERTIES, type Property, type Violation } from './verdict.ts'

export type Figures = {
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
  readonly withoutOutcome: number
  readonly stored: number
  readonly shown: number
  readonly commits: number
}

/** Judges a history by what the clients wrote alone. It knows nothing of the server, and shares no code with it. */
export function checkHistory(history: readonly Entry[]): {
  readonly violations: readonly Violation[]
  readonly figures: Figures
} {
  const violations: Violation[] = []
  const healedAt = history.findLast(entry => entry.kind === 'healed')?.at
  const books = writeBooks(history)
  for (const book of books) {
    const find = (property: Violation['property'], what: string) =>
      violations.push({ property, what: `${book.id}: ${what}` })
    checkOutcomes(book, find)
    checkRealTime(book, find)
    checkOrder(book, find)
    checkSight(book, healedAt, find)
  }
  const find = (property: Violation['property'], what: string) => violations.push({ property, what })
  checkCursors(history, find)
  checkRevocations(history, find)
  checkLeaks(history, find)

  const sent = books.flatMap(book => [...book.sent.values()])
  const stored = books.flatMap(book => book.stored)
  const count = (...outcomes: readonly string[]) =>
    sent.filter(({ outcome }) => outcomes.includes(outcome)).length
  const figures = {
    sent: sent.length,
    acknowledged: count('ok'),
    refused: count('fail'),
    withoutOutcome: count('open', 'unknown'),
    stored: stored.length,
    shown: history.filter(entry => entry.kind === 'show').length,
    commits: stored.filter(({ event }) => event === 'commit').length,
  }
  return { violations, figures }
}

/** The first few of each kind: one fault can break ten thousand places. */
export function describeViolations(violations: readonly Violation[]): string {
  return Object.entries(PROPERTIES)
    .flatMap(([number, property]) => {
      const found = violations.filter(violation => String(violation.property) === number)
      if (found.length === 0) return []
      return [
        `(${number}) ${property}: broken ${found.length} times`,
        ...found.slice(0, 5).map(each => `  ${each.what}`),
      ]
    })
    .join('\n')
}
