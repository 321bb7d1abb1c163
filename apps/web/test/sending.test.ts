import type { TimelineRow, TimelineWindow } from '@entangle/client'
import { expect, it } from 'vitest'
import { sendingRow, withSending } from '../src/state/sending.ts'

const rowOf = (id: string): TimelineRow =>
  sendingRow({ messageId: id as TimelineRow['messageId'], text: id, time: 1 }, 'me' as TimelineRow['sender'])

const windowOf = (rows: readonly TimelineRow[], hasNewer = false): TimelineWindow => ({
  chatId: 'direct-b' as TimelineWindow['chatId'],
  rows,
  people: [],
  hasOlder: false,
  hasNewer,
  firstUnread: null,
  unreadAtOpen: 0,
})

it('a message that is not stored yet stands behind all others, and has no state', () => {
  const { rows } = withSending(windowOf([rowOf('a')]), [rowOf('b'), rowOf('c')])
  expect(rows.map(row => row.messageId)).toEqual(['a', 'b', 'c'])
  expect(rows.at(-1)?.delivery).toBeNull()
})

it('what the engine shows by itself is there once, as the engine has it', () => {
  const stored = { ...rowOf('a'), delivery: 'queued' } as const
  expect(withSending(windowOf([stored]), [rowOf('a'), rowOf('b')]).rows).toEqual([stored, rowOf('b')])
})

it('nothing is put at the end of a window that ends in the middle', () => {
  const window = windowOf([rowOf('a')], true)
  expect(withSending(window, [rowOf('b')])).toBe(window)
})
