import { type AccountId, type ConversationId, LIMITS } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { isUnlisted, refreshContacts } from '../identity/directory.ts'
import { IdentityNeeded } from '../identity/leaf-check.ts'
import { NetworkError } from '../ports/transport.ts'
import type { InboxEvent } from './draft.ts'
import { ingest } from './ingest.ts'
import { isSoundToday } from './rejoining.ts'

/** Events in one atomic write. */
const BATCH = 64
/** Events held in memory while an earlier one is missing; what is beyond is read from the log. */
const INBOX_LIMIT = 512

/** The receiving half of a runner: everything up to the head gets into the store, in order. */
export function createInbox(
  context: AccountContext,
  chatId: ChatId,
  ingested: (batch: readonly InboxEvent[]) => void,
) {
  const { calls, chats, sender } = context
  const events = new Map<number, InboxEvent>()
  let head: number | undefined
  let mustRead = false

  const contiguous = (cursor: number): InboxEvent[] => {
    const batch: InboxEvent[] = []
    for (let seq = cursor + 1; batch.length < BATCH; seq++) {
      const event = events.get(seq)
      if (event === undefined) break
      batch.push(event)
    }
    return batch
  }

  const applyBatch = async (batch: readonly InboxEvent[]) => {
    const fresh = new Set<AccountId>()
    let followsDeparted = false
    for (;;) {
      try {
        await ingest(context, chatId, batch, { fresh, followsDeparted })
        return
      } catch (error) {
        if (!followsDeparted && isUnlisted(error) && (await isSoundToday(context, chatId, batch))) {
          followsDeparted = true
          continue
        }
        if (!(error instanceof IdentityNeeded)) throw error
        const needed = [...error.accountIds].filter(accountId => !fresh.has(accountId))
        if (needed.length === 0) throw error
        await refreshContacts(context, needed)
        for (const accountId of needed) fresh.add(accountId)
      }
    }
  }

  const receive = async (cursor: number): Promise<boolean> => {
    const batch = contiguous(cursor)
    if (batch.length === 0) return false
    await applyBatch(batch)
    for (const { seq } of batch) events.delete(seq)
    for (const seq of events.keys()) if (seq <= cursor) events.delete(seq)
    const present = chats.get(chatId)?.conversation
    if (present?.phase === 'active') {
      sender.control({ t: 'cursor', conversationId: present.conversationId, seq: present.cursor })
    }
    ingested(batch)
    return true
  }

  const heal = async (conversationId: ConversationId, cursor: number): Promise<boolean> => {
    if (!sender.isReady() || (!mustRead && (head === undefined || head <= cursor))) return false
    const page = await calls.call('readEvents', {
      conversationId,
      after: cursor,
      limit: LIMITS.eventsPerPage,
    })
    mustRead = false
    for (const event of page.events) if (event.seq > cursor) events.set(event.seq, event)
    // The log knows better than any hint that came before it, but not than what arrived meanwhile.
    head = Math.max(page.lastSeq, ...events.keys())
    if (events.has(cursor + 1)) return true
    // An honest log has no holes. Look again later.
    if (head > cursor) throw new NetworkError('the log has a hole')
    return false
  }

  return {
    /** Answers whether there may be more. */
    async step(conversationId: ConversationId, cursor: number): Promise<boolean> {
      return (await receive(cursor)) || heal(conversationId, cursor)
    },
    /** Whether it is known how far the log goes. */
    knowsHead: (): boolean => head !== undefined,
    learnHead(lastSeq: number): void {
      head = Math.max(head ?? 0, lastSeq)
    },
    /** The log is looked at, whatever is known of its head. */
    wantRead(): void {
      mustRead = true
    },
    /** Of an own message or of somebody else's. */
    put(event: InboxEvent): void {
      head = Math.max(head ?? 0, event.seq)
      if (events.size < INBOX_LIMIT && !events.has(event.seq)) events.set(event.seq, event)
    },
    forgetHead(): void {
      head = undefined
    },
  }
}
export type Inbox = ReturnType<typeof createInbox>
