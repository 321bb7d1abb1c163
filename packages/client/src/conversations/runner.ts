import { CryptoError } from '@entangle/crypto'
import {
  type AccountId,
  type AckFrame,
  type ConversationId,
  type ErrorCode,
  ProtocolError,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { type ChatRecord, isOver, peerOf } from '../chats/chat-record.ts'
import type { Wish } from '../groups/wish.ts'
import type { WishOutcome } from '../groups/wishes.ts'
import { IdentityMismatch } from '../identity/directory.ts'
import { failAll } from '../outbox/acknowledging.ts'
import { StoreError } from '../ports/key-value-store.ts'
import { NetworkError } from '../ports/transport.ts'
import { createArrival } from './arrival.ts'
import type { InboxEvent } from './draft.ts'
import type { Gate } from './entering.ts'
import { createInbox } from './inbox.ts'
import { createPause } from './pause.ts'
import { settleEarlier } from './settling.ts'
import { createTransmission } from './transmission.ts'
import { createUpkeep } from './upkeep.ts'
import { markGone, warnChat } from './warning.ts'

export type RunnerEvents = {
  /** Runs the work of entering when it is this chat's turn. */
  readonly inTurn: Gate
  /** This chat waits for a Welcome of another. Answers with whether it was looked for since, at the server. */
  readonly welcomeWanted: (conversationId: ConversationId) => () => boolean
  readonly ingested: (chat: ChatRecord) => void
  /** The connection has stopped answering. */
  readonly unanswered: () => void
}

/**
 * Drives one chat towards "everything received is stored, everything written is sent". Level-triggered: each
 * step looks at what is stored and does the next thing, so it does not matter where the last one stopped.
 */
export function createRunner(context: AccountContext, chatId: ChatId, events: RunnerEvents) {
  const { chats, clock, outbox, sender, diagnostics } = context
  let running = false
  let wanted = false
  let stopped = false
  let cancelTimer: () => void = () => undefined

  const chat = (): ChatRecord | undefined => chats.get(chatId)

  const peerId = (): AccountId | undefined => {
    const present = chat()
    return present && peerOf(present)?.accountId
  }

  const wakeAt = (time: number) => {
    cancelTimer()
    cancelTimer = clock.after(Math.max(0, time - clock.now()), wake)
  }

  const peerGone = async () => {
    const accountId = peerId()
    if (accountId === undefined) return
    await markGone(context, accountId)
    await failAll(context, chatId, 'CHAT_PEER_GONE')
  }

  const pause = createPause(context)
  const inbox = createInbox(context, chatId, batch => {
    upkeep.ingested(batch)
    const present = chat()
    if (present?.conversation.phase === 'active') events.ingested(present)
  })
  const upkeep = createUpkeep(context, chatId, { inbox, wakeAt })
  const refused = async (code: ErrorCode) => {
    if (code === 'CHAT_PEER_GONE') await peerGone()
    // Out of the tree, and the log says how.
    if (code === 'CHAT_NOT_MEMBER') inbox.wantRead()
  }
  const transmission = createTransmission(context, chatId, {
    inbox,
    pause,
    wakeAt,
    unanswered: events.unanswered,
    refused,
  })
  const arrival = createArrival(context, chatId, {
    inbox,
    wakeAt,
    isStopped: () => stopped,
    inTurn: events.inTurn,
    welcomeWanted: events.welcomeWanted,
  })

  /** Nothing can be sent any more. */
  const finish = async (present: ChatRecord): Promise<void> => {
    upkeep.wishes.groupEnded()
    if (outbox.isEmpty(chatId)) return
    if (present.kind === 'direct') await peerGone()
    else await failAll(context, chatId, 'CHAT_NOT_MEMBER', ({ state }) => state.kind === 'sealed')
  }

  const step = async (): Promise<boolean> => {
    const present = chat()
    if (present === undefined) return false
    const { conversation } = present
    if (
      conversation.phase === 'active' &&
      (await inbox.step(conversation.conversationId, conversation.cursor))
    ) {
      return true
    }
    if (isOver(present)) {
      await finish(present)
      if (await settleEarlier(context, chatId)) return true
    }
    if (!sender.isReady()) return false
    if (pause.until() > clock.now()) {
      wakeAt(pause.until())
      return false
    }
    // What left before the end may have been accepted, and only the server knows.
    if (isOver(present)) return transmission.resend() === 'sent'
    if (conversation.phase !== 'active') {
      return present.warning === null && arrival.step(present, transmission.hasQueued())
    }
    if (await settleEarlier(context, chatId)) return true
    const resent = transmission.resend()
    if (resent !== 'nothing') return resent === 'sent'
    if (!inbox.knowsHead() || present.warning !== null) return false
    return (await transmission.sendNew()) || upkeep.step(present)
  }

  const recover = async (error: unknown): Promise<void> => {
    // The account starts again from the store.
    if (error instanceof StoreError) return
    if (error instanceof IdentityMismatch) {
      diagnostics.note('IDENTITY_MISMATCH', error.cause)
      await warnChat(context, chatId, peerId() ?? error.accountId)
      upkeep.wishes.stop(engineFailure('ENGINE_IDENTITY_CHANGED'))
      return
    }
    const isGone = error instanceof ProtocolError && ['CHAT_PEER_GONE', 'ACCOUNT_GONE'].includes(error.code)
    if (isGone && peerId() !== undefined) return peerGone()
    const isExpected = error instanceof NetworkError || error instanceof ProtocolError
    if (!isExpected || error instanceof CryptoError) diagnostics.note('CHAT_STEP_FAILED', error)
    pause.rest()
    wakeAt(pause.until())
  }

  const run = async () => {
    if (running) return
    running = true
    while (wanted && !stopped) {
      wanted = false
      try {
        while (!stopped && (await step())) pause.succeeded()
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
      inbox.learnHead(lastSeq)
      wake()
    },
    /** The server says that this device is not in the group: no Welcome will come. */
    notJoined(): void {
      if (chat()?.conversation.phase === 'awaited') arrival.expectNoWelcome()
      // What put it out is the last thing that it may read.
      else inbox.wantRead()
      wake()
    },
    deliver(event: InboxEvent): void {
      inbox.put(event)
      wake()
    },
    acknowledge(frame: AckFrame): void {
      transmission.settle(frame).then(wake, error => {
        if (!(error instanceof StoreError)) diagnostics.note('ACK_FAILED', error)
      })
    },
    /** What somebody wants of the group; resolves when the group has accepted it. */
    ask(wish: Wish): Promise<WishOutcome> {
      const outcome = upkeep.wishes.ask(wish)
      wake()
      return outcome
    },
    connected(): void {
      pause.end()
      wake()
    },
    disconnected(): void {
      transmission.disconnected()
      upkeep.disconnected()
      inbox.forgetHead()
    },
    stop(): void {
      stopped = true
      cancelTimer()
      transmission.stop()
      upkeep.stop(engineFailure('ENGINE_CLOSED'))
    },
  }
}
export type Runner = ReturnType<typeof createRunner>
