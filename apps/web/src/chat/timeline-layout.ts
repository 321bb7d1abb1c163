import type { TimelineRow, TimelineWindow } from '@entangle/client'

export type TimelineItem =
  | { readonly kind: 'day'; readonly key: string; readonly time: number }
  | { readonly kind: 'new'; readonly key: string; readonly count: number }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly row: TimelineRow
      /** First and last of a run by one sender: bubbles of a run stand close and share corners. */
      readonly first: boolean
      readonly last: boolean
    }
  /** `first`: of several that stand together. */
  | { readonly kind: 'notice'; readonly key: string; readonly row: TimelineRow; readonly first: boolean }

const GROUP_GAP_MS = 5 * 60_000

type LayoutInput = Pick<TimelineWindow, 'rows' | 'hasOlder' | 'firstUnread' | 'unreadAtOpen'>

/** Rows as the timeline shows them: day pills, the 'New' separator, and runs of bubbles. */
export function layoutTimeline(
  input: LayoutInput,
  dayKey: (time: number) => string,
): readonly TimelineItem[] {
  const items: TimelineItem[] = []
  let previous: TimelineRow | null = null
  for (const [index, row] of input.rows.entries()) {
    const newDay = previous === null ? !input.hasOlder : dayKey(previous.time) !== dayKey(row.time)
    if (newDay) items.push({ kind: 'day', key: `day-${row.messageId}`, time: row.time })
    if (row.messageId === input.firstUnread) {
      items.push({ kind: 'new', key: 'new', count: input.unreadAtOpen })
    }
    const next = input.rows[index + 1]
    if (row.content.kind === 'notice') {
      const first = newDay || previous?.content.kind !== 'notice'
      items.push({ kind: 'notice', key: row.messageId, row, first })
      previous = row
      continue
    }
    items.push({
      kind: 'message',
      key: row.messageId,
      row,
      first: previous === null || !inOneRun(previous, row, input.firstUnread, dayKey),
      last: next === undefined || !inOneRun(row, next, input.firstUnread, dayKey),
    })
    previous = row
  }
  return items
}

function inOneRun(
  above: TimelineRow,
  below: TimelineRow,
  firstUnread: string | null,
  dayKey: (time: number) => string,
): boolean {
  return (
    above.sender === below.sender &&
    above.content.kind !== 'notice' &&
    below.content.kind !== 'notice' &&
    Math.abs(below.time - above.time) <= GROUP_GAP_MS &&
    below.messageId !== firstUnread &&
    // A failed message has its reason and its buttons beneath, which ends the run.
    above.delivery !== 'failed' &&
    dayKey(above.time) === dayKey(below.time)
  )
}
