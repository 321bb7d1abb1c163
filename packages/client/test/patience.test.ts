import { expect, test } from 'vitest'
import { pendingState } from '../src/timeline/patience.ts'

const MINUTE = 60_000
const DAY = 24 * 3600_000

/** Follows a message as a window does that looks again when it is told to. */
function follow(hasSiblings: boolean, askedAt: (now: number) => number | undefined) {
  const seen: [number, string][] = []
  for (let now = 0; ; ) {
    const { state, changesAt } = pendingState({ since: 0, askedAt: askedAt(now), hasSiblings }, now)
    seen.push([now, state])
    if (changesAt === null) return seen
    now = changesAt
  }
}

test('P68 what does not open is waited for, then repaired, and lost once nobody can bring it', () => {
  expect(follow(true, now => now)).toEqual([
    [0, 'waiting'],
    [10_000, 'repairing'],
    [3 * DAY, 'lost'],
  ])
  expect(follow(false, now => now)).toEqual([
    [0, 'waiting'],
    [10_000, 'repairing'],
    [10 * MINUTE, 'lost'],
  ])
})

test('P68 it is not given up before the archive was asked after all that time', () => {
  const at = (askedAt: number | undefined) =>
    pendingState({ since: 0, askedAt, hasSiblings: true }, 30 * DAY).state
  expect(at(0)).toBe('repairing')
  expect(at(3 * DAY - 1)).toBe('repairing')
  expect(at(3 * DAY)).toBe('lost')
  expect(at(undefined)).toBe('lost')
})
