import type { ConversationId, DeliverFrame } from '@entangle/protocol'
import type { LogEvent } from '../ports/shared-tail.ts'

/**
 * The newest events of active conversations, for those who come back: a page of the log costs the database a
 * hundred rows for each of them, all asking for the same. Only what is committed is in here, and of each
 * conversation only a run without a hole. What the log holds is decided by the database: who reads here says up to
 * which place.
 */
export type LogTail = {
  /** After the commit. Events may come late or twice: the run then begins anew or stays as it is. */
  add(event: DeliverFrame): void
  /** What was read from the log, without a hole, for the next who ask. */
  keep(conversationId: ConversationId, events: readonly LogEvent[]): void
  /** The events after `after`, up to and with `upTo`; undefined where one of them is not here. */
  read(conversationId: ConversationId, after: number, upTo: number): readonly LogEvent[] | undefined
  /** The database is another than it was. */
  forgetAll(): void
  readonly sizeBytes: number
}

const TOTAL_BYTES = 64 * 1024 * 1024
const CONVERSATION_BYTES = 1024 * 1024
/** What an event takes beside its body. */
const EVENT_BYTES = 400

type Run = { events: LogEvent[]; sizeBytes: number }

const sizeOf = ({ body }: LogEvent): number => EVENT_BYTES + body.length
const lastSeqOf = ({ events }: Pick<Run, 'events'>): number => events.at(-1)?.seq ?? 0

/** The older half goes at once: to move up everything for each event would cost more than it saves. */
function shorten(run: Run): void {
  if (run.sizeBytes <= CONVERSATION_BYTES) return
  while (run.sizeBytes > CONVERSATION_BYTES / 2 && run.events.length > 0)
    refill(run, run.events.slice(Math.ceil(run.events.length / 2)))
}

function refill(run: Run, events: LogEvent[]): void {
  run.events = events
  run.sizeBytes = events.reduce((total, event) => total + sizeOf(event), 0)
}

/** With what touches the run on either side; undefined where it is as it was. */
function extended({ events }: Run, page: readonly LogEvent[]): LogEvent[] | undefined {
  const [first, last] = [page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0]
  const [runFirst, runLast] = [events[0]?.seq ?? 0, lastSeqOf({ events })]
  if (events.length === 0 || first > runLast + 1) return page.map(copyOf)
  if (last + 1 < runFirst || (first >= runFirst && last <= runLast)) return undefined
  const [before, after] = [page.filter(({ seq }) => seq < runFirst), page.filter(({ seq }) => seq > runLast)]
  return [...before.map(copyOf), ...events, ...after.map(copyOf)]
}

/** A copy: the body is a piece of the buffer that it was read into. */
const copyOf = ({ seq, kind, epoch, messageId, senderDevice, serverTime, body }: LogEvent): LogEvent => ({
  seq,
  kind,
  epoch,
  messageId,
  senderDevice,
  serverTime,
  body: new Uint8Array(body),
})

export function createLogTail(totalBytes = TOTAL_BYTES): LogTail {
  // A map iterates in the order of insertion: the first is the one that was used longest ago.
  const runs = new Map<ConversationId, Run>()
  let held = 0

  function use(conversationId: ConversationId, run: Run): void {
    runs.delete(conversationId)
    runs.set(conversationId, run)
  }

  function makeRoom(): void {
    for (const [oldest, run] of runs) {
      if (held <= totalBytes) return
      runs.delete(oldest)
      held -= run.sizeBytes
    }
  }

  function change(conversationId: ConversationId, run: Run, work: () => void): void {
    held -= run.sizeBytes
    work()
    shorten(run)
    held += run.sizeBytes
    use(conversationId, run)
    makeRoom()
  }
  const runOf = (conversationId: ConversationId): Run =>
    runs.get(conversationId) ?? { events: [], sizeBytes: 0 }

  return {
    add(event) {
      const run = runOf(event.conversationId)
      if (event.seq <= lastSeqOf(run)) return
      change(event.conversationId, run, () => {
        if (event.seq !== lastSeqOf(run) + 1) refill(run, [])
        const kept = copyOf(event)
        run.events.push(kept)
        run.sizeBytes += sizeOf(kept)
      })
    },
    keep(conversationId, page) {
      const run = runOf(conversationId)
      const events = page.length === 0 ? undefined : extended(run, page)
      if (events !== undefined) change(conversationId, run, () => refill(run, events))
    },
    read(conversationId, after, upTo) {
      if (upTo <= after) return []
      const run = runs.get(conversationId)
      const first = run?.events[0]?.seq
      if (run === undefined || first === undefined) return undefined
      if (after + 1 < first || upTo > lastSeqOf(run)) return undefined
      use(conversationId, run)
      return run.events.slice(after + 1 - first, upTo + 1 - first)
    },
    forgetAll() {
      runs.clear()
      held = 0
    },
    get sizeBytes() {
      return held
    },
  }
}
