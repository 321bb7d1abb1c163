import { type AccountId, type ConversationId, LIMITS } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { isUnlisted, refreshContacts } from '../identity/directory.ts'
import { IdentityNeeded } from '../identity/leaf-check.ts'
import { learnEarlierDevices } from '../identity/list-history.ts'
import { NetworkError } from '../ports/transport.ts'
import { type Contradiction, doubtChat } from './doubt.ts'
import { asLogged, type InboxEvent } from './draft.ts'
import { ingest, leaveBroken, leaveReplacedLeaf } from './ingest.ts'
import { isSoundToday } from './rejoining.ts'
import { reopen } from './reopening.ts'
import { createStuckWatch } from './stuck.ts'
import { differsFrom } from './transcript.ts'

/** Events in one atomic write. */
const BATCH = 64
/** Events held in memory while an earlier one is missing; what is beyond is read from the log. */
const INBOX_LIMIT = 512
const SURELY_A_HOLE = 3

/** The receiving half of a runner: everything up to the head gets into the store, in order. */
export function createInbox(
  context: AccountContext,
  chatId: ChatId,
  ingested: (batch: readonly InboxEvent[]) => void,
) {
  const { calls, chats, diagnostics, self, sender } = context
  const events = new Map<number, InboxEvent>()
  let head: number | undefined
  let mustRead = false
  /** Places of messages that did not open, until the log was asked for them once more. */
  const unopened: number[] = []
  const stuck = createStuckWatch(context, chatId)
  /** How often in a row the next place of the log was empty, and later ones were not. */
  let holes = 0

  /** What was found and told already: looking again and again finds the same. */
  const told = new Set<string>()

  const doubt = (contradiction: Contradiction, place: number) => {
    const finding = `${contradiction} ${place}`
    if (told.has(finding)) return
    told.add(finding)
    doubtChat(context, chatId, contradiction).catch(error => diagnostics.note('DOUBT_FAILED', error))
  }

  const isForeign = (event: InboxEvent) =>
    event.kind === 'application' && event.senderDevice !== self.deviceId

  const active = () => {
    const conversation = chats.get(chatId)?.conversation
    return conversation?.phase === 'active' ? conversation : undefined
  }

  /** What was told of a place before, here or by what is stored, has to be the same. */
  const compare = (event: InboxEvent) => {
    const known = events.get(event.seq)
    const isOther = known !== undefined && known.messageId !== event.messageId
    if (isOther || differsFrom(active()?.transcript, asLogged(event, self)))
      doubt('OTHER_AT_PLACE', event.seq)
  }

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
        const shut = await ingest(context, chatId, batch, { fresh, followsDeparted })
        if (batch.some(event => isForeign(event) && !shut.includes(event.seq))) stuck.opened()
        unopened.push(...shut)
        return
      } catch (error) {
        if (isUnlisted(error) && (await learnEarlierDevices(context, error.accountId))) continue
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
    const present = active()
    if (present !== undefined) {
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
    if (page.beginsAfter > cursor) {
      await leaveReplacedLeaf(context, chatId)
      return true
    }
    if (page.lastSeq < cursor) doubt('SHORTENED', page.lastSeq)
    for (const event of page.events) {
      compare(event)
      if (event.seq > cursor) events.set(event.seq, event)
    }
    // The log knows better than any hint that came before it, but not than what arrived meanwhile.
    head = Math.max(page.lastSeq, ...events.keys())
    if (events.has(cursor + 1) || head <= cursor) {
      holes = 0
      return events.has(cursor + 1)
    }
    // An honest log has no holes, but what is on its way may look like one. Look again later.
    holes += 1
    if (holes === SURELY_A_HOLE) doubt('HOLE', cursor + 1)
    throw new NetworkError('the log has a hole')
  }

  const lookAgain = async (): Promise<boolean> => {
    if (!sender.isReady()) return false
    const seq = unopened.shift()
    if (seq === undefined) return false
    const unreadable = await reopen(context, chatId, seq).catch(error => {
      // Whatever else the answer was, it is one.
      if (error instanceof NetworkError) unopened.unshift(seq)
      throw error
    })
    if (unreadable !== undefined && stuck.isStuck(unreadable)) await leaveBroken(context, chatId)
    return true
  }

  return {
    /** Answers whether there may be more. */
    async step(conversationId: ConversationId, cursor: number): Promise<boolean> {
      return (await receive(cursor)) || (await heal(conversationId, cursor)) || lookAgain()
    },
    /** Whether it is known how far the log goes. */
    knowsHead: (): boolean => head !== undefined,
    learnHead(lastSeq: number): void {
      head = Math.max(head ?? 0, lastSeq)
      // It may have been overtaken by an event; if not, the log says so itself.
      if (lastSeq < (active()?.cursor ?? 0)) mustRead = true
    },
    /** The log is looked at, whatever is known of its head. */
    wantRead(): void {
      mustRead = true
    },
    /** Of an own message or of somebody else's. */
    put(event: InboxEvent): void {
      head = Math.max(head ?? 0, event.seq)
      compare(event)
      if (events.size < INBOX_LIMIT && !events.has(event.seq)) events.set(event.seq, event)
    },
    forgetHead(): void {
      head = undefined
    },
  }
}
export type Inbox = ReturnType<typeof createInbox>
