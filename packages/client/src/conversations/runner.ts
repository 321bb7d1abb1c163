import { CryptoError } from '@entangle/crypto'
import {
  type AccountId,
  type AckFrame,
  type ConversationId,
  encodeSend,
  LIMITS,
  type MessageId,
  ProtocolError,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { backoffMs } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import { type ChatRecord, isOver, peerOf } from '../chats/chat-record.ts'
import { IdentityMismatch, isUnlisted, refreshContact } from '../identity/directory.ts'
import { IdentityNeeded } from '../identity/leaf-check.ts'
import { failAll, markFailed, readAck, requeue } from '../outbox/acknowledging.ts'
import type { OutboxEntry } from '../outbox/outbox-entry.ts'
import { sealNext } from '../outbox/sealing.ts'
import { StoreError } from '../ports/key-value-store.ts'
import { NetworkError } from '../ports/transport.ts'
import type { Gate } from './entering.ts'
import { foundGroup, registerGroup } from './founding.ts'
import { type InboxEvent, ingest } from './ingest.ts'
import { isSoundToday, rejoin } from './rejoining.ts'
import { buildUpkeep, submitPendingCommit, upkeepDueAt } from './self-update.ts'
import { markGone, warnOfIdentity } from './warning.ts'

/** Messages on their way at once; the server receives them in order. */
const PIPELINE = 16
/** Events in one atomic write. */
const BATCH = 64
/** Events held in memory while an earlier one is missing; what is beyond is read from the log. */
const INBOX_LIMIT = 512
const WELCOME_PATIENCE_MS = 1_500

export type RunnerEvents = {
  /** Runs the work of entering when it is this chat's turn. */
  readonly inTurn: Gate
  /** This chat waits for a Welcome of the other. */
  readonly welcomeWanted: () => void
  readonly ingested: (chat: ChatRecord) => void
  /** The connection has stopped answering. */
  readonly unanswered: () => void
}

/**
 * Drives one chat towards "everything received is stored, everything written is sent". Level-triggered: each
 * step looks at what is stored and does the next thing, so it does not matter where the last one stopped.
 */
export function createRunner(context: AccountContext, chatId: ChatId, events: RunnerEvents) {
  const { chats, clock, timing, outbox, sender, pace, diagnostics, calls } = context
  const inbox = new Map<number, InboxEvent>()
  const inFlight = new Map<MessageId, number>()
  let head: number | undefined
  let mustRead = false
  let submitted: MessageId | undefined
  let failures = 0
  let refusals = 0
  let pausedUntil = 0
  let awaitedSince: number | undefined
  let expectsWelcome = true
  let running = false
  let wanted = false
  let stopped = false
  let cancelTimer: () => void = () => undefined
  let cancelAckTimer: () => void = () => undefined

  const chat = (): ChatRecord | undefined => chats.get(chatId)

  const peerId = (): AccountId | undefined => {
    const present = chat()
    return present && peerOf(present)?.accountId
  }

  const wakeAt = (time: number) => {
    cancelTimer()
    cancelTimer = clock.after(Math.max(0, time - clock.now()), wake)
  }

  // Receiving

  const contiguous = (cursor: number): InboxEvent[] => {
    const batch: InboxEvent[] = []
    for (let seq = cursor + 1; batch.length < BATCH; seq++) {
      const event = inbox.get(seq)
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
        if (error instanceof IdentityNeeded && !fresh.has(error.accountId)) {
          await refreshContact(context, error.accountId)
          fresh.add(error.accountId)
        } else if (!followsDeparted && isUnlisted(error) && (await isSoundToday(context, chatId, batch))) {
          followsDeparted = true
        } else throw error
      }
    }
  }

  const receive = async (cursor: number): Promise<boolean> => {
    const batch = contiguous(cursor)
    if (batch.length === 0) return false
    await applyBatch(batch)
    for (const { seq } of batch) inbox.delete(seq)
    for (const seq of inbox.keys()) if (seq <= cursor) inbox.delete(seq)
    const present = chat()
    if (present?.conversation.phase === 'active') {
      const { conversationId, cursor: stored } = present.conversation
      sender.control({ t: 'cursor', conversationId, seq: stored })
      events.ingested(present)
    }
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
    for (const event of page.events) if (event.seq > cursor) inbox.set(event.seq, event)
    // The log knows better than any hint that came before it, but not than what arrived meanwhile.
    head = Math.max(page.lastSeq, ...inbox.keys())
    if (inbox.has(cursor + 1)) return true
    // An honest log has no holes. Look again later.
    if (head > cursor) throw new NetworkError('the log has a hole')
    return false
  }

  // Sending

  const watchAcks = () => {
    cancelAckTimer()
    const [oldest] = inFlight.values()
    if (oldest === undefined) return
    cancelAckTimer = clock.after(Math.max(0, oldest + timing.ackTimeout - clock.now()), () => {
      if (inFlight.size > 0) events.unanswered()
    })
  }

  const transmit = (entry: OutboxEntry): boolean => {
    if (entry.state.kind !== 'sealed') return false
    const { conversationId, epoch, counter, body } = entry.state.sealed
    const { messageId } = entry
    if (!sender.send(encodeSend({ conversationId, messageId, epoch, counter, body }))) return false
    inFlight.set(messageId, clock.now())
    pace.spend()
    watchAcks()
    return true
  }

  /** How many messages may go now; looks again when that is nothing because of the pace. */
  const room = (): number => {
    const free = PIPELINE - inFlight.size
    if (free > 0 && pace.available() === 0) wakeAt(clock.now() + pace.waitMs() + 1)
    return Math.min(free, pace.available())
  }

  /** What may have left before goes again, unchanged and in order, before anything new. */
  const resend = (): 'nothing' | 'sent' | 'waiting' => {
    const unanswered = outbox.list(chatId).filter(({ messageId, state }) => {
      return state.kind === 'sealed' && !inFlight.has(messageId) && !outbox.acceptance(messageId)
    })
    if (unanswered.length === 0) return 'nothing'
    return unanswered.slice(0, room()).map(transmit).some(Boolean) ? 'sent' : 'waiting'
  }

  const hasQueued = () => outbox.list(chatId).some(entry => entry.state.kind === 'queued')

  const sendNew = async (): Promise<boolean> => {
    const free = hasQueued() ? room() : 0
    if (free <= 0) return false
    const sealed = await sealNext(context, chatId, free)
    for (const entry of sealed) transmit(entry)
    return sealed.length > 0
  }

  const settle = async (frame: AckFrame) => {
    const outcome = readAck(frame)
    switch (outcome.kind) {
      case 'accepted':
        refusals = 0
        if (outbox.find(chatId, frame.messageId) === undefined) break
        outbox.accept(chatId, frame.messageId, { seq: outcome.seq, time: outcome.serverTime })
        inbox.set(outcome.seq, { ...outcome, messageId: frame.messageId })
        head = Math.max(head ?? 0, outcome.seq)
        break
      case 'epoch-refused':
        mustRead = true
        refusals += 1
        // Once is a lost race. Again means that the log does not show the new epoch yet.
        if (refusals > PIPELINE)
          pausedUntil = clock.now() + backoffMs(timing, refusals - PIPELINE, clock.random())
        await requeue(context, chatId, frame)
        break
      case 'later':
        failures += 1
        pausedUntil = clock.now() + backoffMs(timing, failures, clock.random())
        break
      case 'refused':
        diagnostics.note('MESSAGE_REFUSED', outcome.code)
        await markFailed(context, chatId, frame.messageId, outcome.code)
        if (outcome.code === 'CHAT_PEER_GONE') await peerGone()
        break
    }
    // Only now: what is neither in flight nor answered is sent again.
    inFlight.delete(frame.messageId)
    watchAcks()
  }

  const peerGone = async () => {
    const accountId = peerId()
    if (accountId !== undefined) await markGone(context, accountId)
    await failAll(context, chatId, 'CHAT_PEER_GONE')
  }

  // The group

  const establish = async (present: ChatRecord): Promise<boolean> => {
    if (present.conversation.phase === 'founding') {
      const registration = await registerGroup(context, chatId)
      if (registration.outcome === 'registered') head = Math.max(head ?? 0, registration.lastSeq)
      return registration.outcome !== 'nothing-to-do'
    }
    if (present.conversation.phase === 'awaited') return awaitWelcome()
    if (present.conversation.phase !== 'none' || !hasQueued() || context.counter.isRolledBack()) return false
    await foundGroup(context, chatId)
    return true
  }

  /** The Welcome is there at once, if there is one; else this device is a new one of a member account. */
  const awaitWelcome = async (): Promise<boolean> => {
    if (!expectsWelcome) return comeIn()
    if (awaitedSince === undefined) {
      awaitedSince = clock.now()
      events.welcomeWanted()
    }
    const patience = awaitedSince + WELCOME_PATIENCE_MS
    if (patience > clock.now()) {
      wakeAt(patience)
      return false
    }
    awaitedSince = undefined
    expectsWelcome = false
    return true
  }

  const comeIn = async (): Promise<boolean> => {
    const seq = await events.inTurn(async () => (stopped ? undefined : rejoin(context, chatId)))
    if (seq === undefined) return false
    expectsWelcome = true
    head = Math.max(head ?? 0, seq)
    return true
  }

  const maintain = async (): Promise<boolean> => {
    const present = chat()
    if (present?.conversation.phase !== 'active') return false
    const { commit } = present.conversation
    const dueAt = upkeepDueAt(present.conversation)
    if (commit !== null) {
      if (submitted === commit.messageId) return false
      const seq = await submitPendingCommit(context, chatId)
      if (seq === undefined) {
        mustRead = true
        return true
      }
      submitted = commit.messageId
      head = Math.max(head ?? 0, seq)
      return true
    }
    if (dueAt === null || isOver(present) || context.counter.isRolledBack()) return false
    if (dueAt > clock.now()) {
      wakeAt(dueAt)
      return false
    }
    await buildUpkeep(context, chatId)
    return true
  }

  // The loop

  const step = async (): Promise<boolean> => {
    const present = chat()
    if (present === undefined) return false
    if (present.conversation.phase === 'active') {
      const { conversationId, cursor } = present.conversation
      if (await receive(cursor)) return true
      if (await heal(conversationId, cursor)) return true
    }
    if (!sender.isReady()) return false
    if (isOver(present)) {
      if (hasQueued()) await peerGone()
      return false
    }
    if (pausedUntil > clock.now()) {
      wakeAt(pausedUntil)
      return false
    }
    if (present.conversation.phase === 'active') {
      const resent = resend()
      if (resent !== 'nothing') return resent === 'sent'
      if (head === undefined || present.warning !== null) return false
      if (await sendNew()) return true
      return maintain()
    }
    return present.warning === null && establish(present)
  }

  const recover = async (error: unknown): Promise<void> => {
    // The account starts again from the store.
    if (error instanceof StoreError) return
    if (error instanceof IdentityMismatch) {
      diagnostics.note('IDENTITY_MISMATCH', error.cause)
      await warnOfIdentity(context, peerId() ?? error.accountId)
      return
    }
    if (
      error instanceof ProtocolError &&
      (error.code === 'CHAT_PEER_GONE' || error.code === 'ACCOUNT_GONE')
    ) {
      await peerGone()
      return
    }
    const isExpected = error instanceof NetworkError || error instanceof ProtocolError
    if (!isExpected || error instanceof CryptoError) diagnostics.note('CHAT_STEP_FAILED', error)
    failures += 1
    pausedUntil = clock.now() + backoffMs(timing, failures, clock.random())
    wakeAt(pausedUntil)
  }

  const run = async () => {
    if (running) return
    running = true
    while (wanted && !stopped) {
      wanted = false
      try {
        while (!stopped && (await step())) failures = 0
      } catch (error) {
        await recover(error).catch(() => undefined)
      }
    }
    running = false
  }

  const wake = () => {
    wanted = true
    void run()
  }

  return {
    wake,
    /** What the server says is the last event. */
    learnHead(lastSeq: number): void {
      head = Math.max(head ?? 0, lastSeq)
      wake()
    },
    /** The server says that this device is not in the group: no Welcome will come. */
    notJoined(): void {
      if (chat()?.conversation.phase === 'awaited') expectsWelcome = false
      // What put it out is the last thing that it may read.
      else mustRead = true
      wake()
    },
    deliver(event: InboxEvent): void {
      head = Math.max(head ?? 0, event.seq)
      if (inbox.size < INBOX_LIMIT && !inbox.has(event.seq)) inbox.set(event.seq, event)
      wake()
    },
    acknowledge(frame: AckFrame): void {
      settle(frame).then(wake, error => {
        if (!(error instanceof StoreError)) diagnostics.note('ACK_FAILED', error)
      })
    },
    connected(): void {
      pausedUntil = 0
      wake()
    },
    disconnected(): void {
      inFlight.clear()
      cancelAckTimer()
      submitted = undefined
      head = undefined
    },
    stop(): void {
      stopped = true
      cancelTimer()
      cancelAckTimer()
    },
  }
}
export type Runner = ReturnType<typeof createRunner>
