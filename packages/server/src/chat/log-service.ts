import { type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { CONVERSATION_KINDS, readReadableLog } from './conversation-store.ts'
import type { LogReader } from './log-reader.ts'

/** Everything a device reads rather than is sent. */
export type LogService = {
  readEvents(session: DeviceSession, request: RequestOf<'readEvents'>): Promise<AnswerOf<'readEvents'>>
  readGroupInfo(
    session: DeviceSession,
    request: RequestOf<'readGroupInfo'>,
  ): Promise<AnswerOf<'readGroupInfo'>>
  readTree(session: DeviceSession, request: RequestOf<'readTree'>): Promise<AnswerOf<'readTree'>>
  listWelcomes(session: DeviceSession): Promise<AnswerOf<'listWelcomes'>>
  settleWelcome(session: DeviceSession, request: RequestOf<'settleWelcome'>): Promise<void>
  /** The queue of a device that gave up its place. */
  dropWelcomes(deviceId: DeviceId): Promise<void>
}

const WELCOMES_AT_ONCE = 100

export function createLogService(database: ChatDatabase, reader: LogReader): LogService {
  /** Trees that nobody waits for any more, of epochs that are over. */
  const dropTrees = (conversation: Buffer) =>
    sql`
      DELETE FROM ratchet_tree t USING conversation c
      WHERE t.conversation_id = ${conversation} AND c.id = t.conversation_id AND t.epoch < c.epoch
        AND NOT EXISTS (SELECT 1 FROM welcome w WHERE w.conversation_id = t.conversation_id AND w.epoch = t.epoch)
    `.execute(database)

  return {
    async readEvents(session, { conversationId, after, limit = LIMITS.eventsPerPage }) {
      const { joinedSeq, lastSeq } = await readReadableLog(database, conversationId, session.deviceId)
      const from = Math.max(after, joinedSeq)
      const upTo = Math.min(lastSeq, from + limit)
      const events = await reader.read(conversationId, from, upTo, lastSeq)
      return { lastSeq, beginsAfter: joinedSeq, events: [...events] }
    },

    async readGroupInfo(session, { conversationId }) {
      const id = idBytes(conversationId)
      const row = await database
        .selectFrom('conversation as c')
        .innerJoin('conversation_group as g', 'g.conversation_id', 'c.id')
        .innerJoin('ratchet_tree as t', join =>
          join.onRef('t.conversation_id', '=', 'c.id').onRef('t.epoch', '=', 'c.epoch'),
        )
        .select(['c.epoch', 'c.last_seq', 'g.group_info', 't.tree'])
        .where('c.id', '=', id)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('conversation_member as m')
              .select('m.device_id')
              .where('m.conversation_id', '=', id)
              .where('m.account_id', '=', idBytes(session.accountId))
              .where('m.left_seq', 'is', null),
          ),
        )
        .executeTakeFirst()
      if (row === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
      return { epoch: row.epoch, lastSeq: row.last_seq, groupInfo: row.group_info, ratchetTree: row.tree }
    },

    async readTree(session, { conversationId, epoch }) {
      const id = idBytes(conversationId)
      const device = idBytes(session.deviceId)
      const { rows } = await sql<{ tree: Buffer }>`
        SELECT t.tree FROM ratchet_tree t JOIN conversation c ON c.id = t.conversation_id
        WHERE t.conversation_id = ${id} AND t.epoch = ${epoch} AND (
          EXISTS (SELECT 1 FROM welcome w
            WHERE w.device_id = ${device} AND w.conversation_id = ${id} AND w.epoch = ${epoch})
          OR (c.epoch = ${epoch} AND EXISTS (SELECT 1 FROM conversation_member m
            WHERE m.conversation_id = ${id} AND m.device_id = ${device} AND m.left_seq IS NULL)))`.execute(
        database,
      )
      const tree = rows[0]?.tree
      if (tree === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
      return { ratchetTree: tree }
    },

    async listWelcomes(session) {
      const rows = await database
        .selectFrom('welcome as w')
        .innerJoin('conversation as c', 'c.id', 'w.conversation_id')
        .leftJoin('ratchet_tree as t', join =>
          join.onRef('t.conversation_id', '=', 'w.conversation_id').onRef('t.epoch', '=', 'w.epoch'),
        )
        .select(['w.conversation_id', 'c.kind', 'w.epoch', 'w.joined_seq', 'w.welcome', 't.snapshot'])
        .where('w.device_id', '=', idBytes(session.deviceId))
        .orderBy('w.created_at')
        .orderBy('w.epoch')
        .limit(WELCOMES_AT_ONCE)
        .execute()
      return {
        welcomes: rows.map(row => ({
          conversationId: idText<string>(row.conversation_id),
          kind: CONVERSATION_KINDS[row.kind] ?? 'group',
          epoch: row.epoch,
          joinedSeq: row.joined_seq,
          welcome: row.welcome,
          ...(row.snapshot === null ? {} : { snapshot: row.snapshot }),
        })),
      }
    },

    async settleWelcome(session, { conversationId, epoch }) {
      await database
        .deleteFrom('welcome')
        .where('device_id', '=', idBytes(session.deviceId))
        .where('conversation_id', '=', idBytes(conversationId))
        .where('epoch', '=', epoch)
        .execute()
      await dropTrees(idBytes(conversationId))
    },

    async dropWelcomes(deviceId) {
      const dropped = await database
        .deleteFrom('welcome')
        .where('device_id', '=', idBytes(deviceId))
        .returning('conversation_id')
        .execute()
      for (const { conversation_id } of dropped) await dropTrees(conversation_id)
    },
  }
}
