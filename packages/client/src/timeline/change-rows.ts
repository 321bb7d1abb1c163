import type { MessageId } from '@entangle/protocol'
import type { TimelineRow } from '../api/engine-api.ts'
import type { KeyChange } from '../identity/key-changes.ts'

const rowOf = ({ accountId, mark, at, signed }: KeyChange): TimelineRow => ({
  messageId: mark.slice(0, 32) as MessageId,
  seq: null,
  sender: accountId,
  own: false,
  time: at,
  content: { kind: 'notice', notice: { kind: 'identity-changed', person: accountId, signed } },
  delivery: null,
  failure: null,
})

/**
 * Rows in order, with those that tell of changed identities among them: no event of the log, so they stand where their
 * time is. What changed before the first row is no news here, or belongs to the rows before; `hasNewer`: there are rows
 * after the last.
 */
export function withChanges(
  rows: readonly TimelineRow[],
  changes: readonly KeyChange[],
  hasNewer: boolean,
): TimelineRow[] {
  const placed = [...rows]
  for (const change of [...changes].sort((one, other) => one.at - other.at)) {
    const at = placed.findIndex(({ time }) => time > change.at)
    if (at === 0 || placed.length === 0 || (at < 0 && hasNewer)) continue
    placed.splice(at < 0 ? placed.length : at, 0, rowOf(change))
  }
  return placed
}
