import { expect, test } from 'vitest'
import { DEFAULT_TIMING } from '../src/account/timing.ts'
import type { EpochKeys } from '../src/chats/chat-record.ts'
import { keysWithin } from '../src/conversations/epoch-keys.ts'
import { nextRenewal, updateAfterJoining } from '../src/conversations/self-update.ts'

const NOW = 1_800_000_000_000
const DAY = 24 * 3600 * 1000
const room = (chance: number) => ({
  timing: DEFAULT_TIMING,
  clock: { now: () => NOW, random: () => chance, after: () => () => undefined },
})

test('P69 a new key comes soon after joining, later in a crowd, and again within eight days', () => {
  expect(updateAfterJoining(room(0), 2) - NOW).toBe(5_000)
  expect(updateAfterJoining(room(1), 8) - NOW).toBe(30_000)
  // A thousand first commits of more than a megabyte each are spread over days.
  expect(updateAfterJoining(room(1), 1000) - NOW).toBeGreaterThan(5 * DAY)
  expect(nextRenewal(room(0)) - NOW).toBe(7 * DAY)
  expect(nextRenewal(room(1)) - NOW).toBe(8 * DAY)
})

test('P70 keys of past epochs are kept for a time after their epoch has ended, the present ones always', () => {
  const keys = (epoch: number, since?: number): EpochKeys => ({
    epoch,
    receipt: new Uint8Array(32),
    ephemeral: new Uint8Array(32),
    ...(since === undefined ? {} : { since }),
  })
  const all = [keys(9, NOW - DAY), keys(8, NOW - 20 * DAY), keys(7)]
  // Epoch 8 ended when 9 began, a day ago; 7 ended when 8 began.
  expect(keysWithin(all, NOW - 14 * DAY).map(({ epoch }) => epoch)).toEqual([9, 8])
  expect(keysWithin(all, NOW - 30 * DAY)).toEqual(all)
  expect(keysWithin([keys(9, NOW - 90 * DAY)], NOW).map(({ epoch }) => epoch)).toEqual([9])
})
