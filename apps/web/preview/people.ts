import type { TimelineRow } from '@entangle/client'
import type { AccountId, AccountSummary, MessageId } from '@entangle/protocol'

let ids = 0
export const nextId = () => (++ids).toString(16).padStart(32, '0')

export function person(handle: string, displayName: string): AccountSummary {
  return { accountId: nextId() as AccountId, handle, displayName }
}

export const ME = person('mira', 'Mira Sandoval')
export const ADA = person('ada', 'Ada Lovelace')
export const STRANGER = person('tobias', 'Tobias Grün')
export const JONAS = person('jonas', 'Jonas Weber')

export type Line = { own?: boolean; text: string; at: number; delivery?: TimelineRow['delivery'] }

export function textRow(sender: AccountId, line: Line, seq: number | null): TimelineRow {
  return {
    messageId: nextId() as MessageId,
    seq,
    sender,
    own: line.own === true,
    time: line.at,
    content: { kind: 'text', text: line.text },
    delivery: line.own ? (line.delivery ?? 'read') : null,
    failure:
      line.delivery === 'failed'
        ? { code: 'CHAT_REFUSED', message: 'Not sent: the other side could not be reached.', canRetry: true }
        : null,
  }
}
