import { type AckFrame, type ErrorCode, encodeSend, type MessageId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { markFailed, readAck, requeue } from '../outbox/acknowledging.ts'
import type { OutboxEntry } from '../outbox/outbox-entry.ts'
import { sealNext } from '../outbox/sealing.ts'
import type { Inbox } from './inbox.ts'
import type { Pause } from './pause.ts'

/** Messages on their way at once; the server receives them in order. */
const PIPELINE = 16

/** The sending half of a runner: everything written gets to the server, in order. */
export function createTransmission(
  context: AccountContext,
  chatId: ChatId,
  room: {
    readonly inbox: Inbox
    readonly pause: Pause
    readonly wakeAt: (time: number) => void
    /** The connection has stopped answering. */
    readonly unanswered: () => void
    /** The server has refused a message for good. */
    readonly refused: (code: ErrorCode) => Promise<void>
  },
) {
  const { clock, timing, outbox, sender, pace, diagnostics } = context
  const { inbox, pause, wakeAt } = room
  const inFlight = new Map<MessageId, number>()
  let refusals = 0
  let cancelAckTimer: () => void = () => undefined

  const watchAcks = () => {
    cancelAckTimer()
    const [oldest] = inFlight.values()
    if (oldest === undefined) return
    cancelAckTimer = clock.after(Math.max(0, oldest + timing.ackTimeout - clock.now()), () => {
      if (inFlight.size > 0) room.unanswered()
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
  const free = (): number => {
    const places = PIPELINE - inFlight.size
    if (places > 0 && pace.available() === 0) wakeAt(clock.now() + pace.waitMs() + 1)
    return Math.min(places, pace.available())
  }

  const hasQueued = () => outbox.list(chatId).some(entry => entry.state.kind === 'queued')

  const settle = async (frame: AckFrame): Promise<void> => {
    const outcome = readAck(frame)
    switch (outcome.kind) {
      case 'accepted':
        refusals = 0
        if (outbox.find(chatId, frame.messageId) === undefined) break
        outbox.accept(chatId, frame.messageId, { seq: outcome.seq, time: outcome.serverTime })
        inbox.put({ ...outcome, messageId: frame.messageId })
        break
      case 'epoch-refused':
        inbox.wantRead()
        refusals += 1
        // Once is a lost race. Again means that the log does not show the new epoch yet.
        if (refusals > PIPELINE) pause.rest(refusals - PIPELINE)
        await requeue(context, chatId, frame)
        break
      case 'later':
        pause.rest()
        break
      case 'refused':
        diagnostics.note('MESSAGE_REFUSED', outcome.code)
        await markFailed(context, chatId, frame.messageId, outcome.code)
        await room.refused(outcome.code)
        break
    }
    // Only now: what is neither in flight nor answered is sent again.
    inFlight.delete(frame.messageId)
    watchAcks()
  }

  return {
    hasQueued,
    settle,
    /** What may have left before goes again, unchanged and in order, before anything new. */
    resend(): 'nothing' | 'sent' | 'waiting' {
      const unanswered = outbox.list(chatId).filter(({ messageId, state }) => {
        return state.kind === 'sealed' && !inFlight.has(messageId) && !outbox.acceptance(messageId)
      })
      if (unanswered.length === 0) return 'nothing'
      return unanswered.slice(0, free()).map(transmit).some(Boolean) ? 'sent' : 'waiting'
    },
    async sendNew(): Promise<boolean> {
      const places = hasQueued() ? free() : 0
      if (places <= 0) return false
      const sealed = await sealNext(context, chatId, places)
      for (const entry of sealed) transmit(entry)
      return sealed.length > 0
    },
    disconnected(): void {
      inFlight.clear()
      cancelAckTimer()
    },
    stop(): void {
      cancelAckTimer()
    },
  }
}
export type Transmission = ReturnType<typeof createTransmission>
