import type { ConversationHead, ConversationId, LogEvent } from '@entangle/protocol'
import type { Distortion, HostileServer } from './hostile-server.ts'

export type Rewriting = {
  /** What is told of an event: nothing, the same at another place, others beside it. */
  readonly event: (event: LogEvent) => readonly LogEvent[]
  /** How far the log is said to go when it goes so far. */
  readonly last?: (lastSeq: number) => number
  /** Acknowledgements tell the true places. */
  readonly sparesAcks?: true
}

const ALL = 256

/** One conversation's log, told another way and everywhere alike: pushed, read, acknowledged and in the heads. */
export function rewrittenLog(
  double: HostileServer,
  conversationId: ConversationId,
  { event: rewrite, last = lastSeq => lastSeq, sparesAcks }: Rewriting,
): Distortion {
  const amend = <Head extends Pick<ConversationHead, 'conversationId' | 'lastSeq'>>(head: Head): Head =>
    head.conversationId === conversationId ? { ...head, lastSeq: last(head.lastSeq) } : head

  return {
    answers: {
      readEvents: async (request, truth) => {
        if (request.conversationId !== conversationId) return truth()
        const real = await double.ask('readEvents', { conversationId, after: 0, limit: ALL })
        const events = real.events
          .flatMap(rewrite)
          .filter(({ seq }) => seq > request.after)
          .sort((one, other) => one.seq - other.seq)
        return { ...real, events: events.slice(0, request.limit ?? ALL), lastSeq: last(real.lastSeq) }
      },
      readGroupInfo: async (request, truth) => {
        const answer = await truth()
        return { ...answer, lastSeq: amend({ ...answer, conversationId: request.conversationId }).lastSeq }
      },
    },
    tells: told => {
      if (told.kind === 'control') {
        const { frame } = told
        if (frame.t !== 'ready' && frame.t !== 'heads') return [told]
        return [{ kind: 'control', frame: { ...frame, heads: frame.heads.map(amend) } }]
      }
      if (told.frame.conversationId !== conversationId) return [told]
      if (told.kind === 'deliver') {
        return rewrite(told.frame).map(event => ({ kind: 'deliver', frame: { ...event, conversationId } }))
      }
      if (sparesAcks || told.frame.status !== 0) return [told]
      const { messageId, seq, serverTime } = told.frame
      const [placed] = rewrite({ ...UNKNOWN, messageId, seq, serverTime }).filter(
        event => event.messageId === messageId,
      )
      return placed === undefined ? [] : [{ kind: 'ack', frame: { ...told.frame, seq: placed.seq } }]
    },
  }
}

/** An acknowledgement says nothing of these. */
const UNKNOWN = {
  kind: 'application',
  epoch: 0,
  senderDevice: '0'.repeat(32) as LogEvent['senderDevice'],
  body: new Uint8Array([0]),
} as const

/** The place that the next event of the conversation will get. */
export async function nextPlace(double: HostileServer, conversationId: ConversationId): Promise<number> {
  const { lastSeq } = await double.ask('readEvents', { conversationId, after: 0, limit: ALL })
  return lastSeq + 1
}

/** These come in at the place of the first, one after the other; what was to stand there and after it moves on. */
export function insertedAt(events: readonly LogEvent[]): Rewriting {
  const place = events[0]?.seq ?? 0
  const told = (seq: number) => (seq >= place ? seq + events.length : seq)
  return {
    event: event => [...(event.seq === place ? events : []), { ...event, seq: told(event.seq) }],
    last: told,
  }
}
