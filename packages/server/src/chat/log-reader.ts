import type { ConversationId } from '@entangle/protocol'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'
import type { LogEvent, SharedTail } from '../ports/shared-tail.ts'
import type { LogPages } from './log-pages.ts'
import type { LogTail } from './log-tail.ts'

/** Events after `from`, up to and with `upTo`, of a log that now ends at `lastSeq`. */
export type LogReader = {
  read(
    conversationId: ConversationId,
    from: number,
    upTo: number,
    lastSeq: number,
  ): Promise<readonly LogEvent[]>
}

type Parts = {
  readonly tail: LogTail
  /** Between nodes; none where there is only one. */
  readonly shared: SharedTail | undefined
  readonly pages: LogPages
  readonly database: ChatDatabase
}

/**
 * From memory, from what other nodes have read, and else from the log. The end of a log is kept in both when it was
 * read: those of a node that died come to others all at once, and ask for the same.
 */
export function createLogReader({ tail, shared, pages, database }: Parts): LogReader {
  const underWay = new Map<string, Promise<readonly LogEvent[]>>()

  /** A page of another node is of one moment. If its last event is in the log as it is there, so are those before. */
  async function readShared(
    ...place: Parameters<LogPages['read']>
  ): Promise<readonly LogEvent[] | undefined> {
    const events = await shared?.read(...place)
    const last = events?.at(-1)
    if (last === undefined) return undefined
    const stored = await database
      .selectFrom('message')
      .select('seq')
      .where('conversation_id', '=', idBytes(place[0]))
      .where('seq', '=', last.seq)
      .where('message_id', '=', idBytes(last.messageId))
      .where('server_time', '=', last.serverTime)
      .executeTakeFirst()
    return stored && events
  }

  async function readEnd(...place: Parameters<LogPages['read']>): Promise<readonly LogEvent[]> {
    const [conversationId, , upTo] = place
    const known = await readShared(...place)
    const events = known ?? (await pages.read(...place))
    // Else the page was cut to size.
    if (events.at(-1)?.seq !== upTo) return events
    tail.keep(conversationId, events)
    if (known === undefined) shared?.keep(conversationId, events)
    return events
  }

  /** Whoever asks for the same meanwhile waits for the same answer. */
  function together(...place: Parameters<LogPages['read']>): Promise<readonly LogEvent[]> {
    const key = place.join()
    const same = underWay.get(key)
    if (same !== undefined) return same
    const reading = readEnd(...place).finally(() => underWay.delete(key))
    underWay.set(key, reading)
    return reading
  }

  return {
    async read(conversationId, from, upTo, lastSeq) {
      const recent = tail.read(conversationId, from, upTo)
      if (recent !== undefined) return recent
      return (upTo === lastSeq ? together : pages.read)(conversationId, from, upTo)
    },
  }
}
