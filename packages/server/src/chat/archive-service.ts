import { type ConversationId, LIMITS, type MessageId, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText, packBytes, packIds, packIntegers } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { writingStore } from './account-store.ts'

export type ArchiveService = {
  write(session: DeviceSession, request: RequestOf<'writeArchive'>): Promise<void>
  read(session: DeviceSession, request: RequestOf<'readArchive'>): Promise<AnswerOf<'readArchive'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly quotaBytes: number
}

const PAGE_BYTES = 4 * 1024 * 1024

type RecordRow = { message_id: Buffer; seq: number; key_version: number; sealed: Buffer; has_more: boolean }

export function createArchiveService({ database, quotaBytes }: Dependencies): ArchiveService {
  /** Also one that it has left: what it could read then it may keep. */
  async function assertEverMember(session: DeviceSession, conversationId: ConversationId): Promise<void> {
    const member = await database
      .selectFrom('conversation_member')
      .select('device_id')
      .where('conversation_id', '=', idBytes(conversationId))
      .where('account_id', '=', idBytes(session.accountId))
      .executeTakeFirst()
    if (member === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
  }

  return {
    async write(session, { conversationId, records }) {
      const write = () =>
        sql<{ is_member: boolean }>`
          SELECT write_archive(
            ${idBytes(session.accountId)}, ${idBytes(conversationId)},
            ${packIds(records.map(record => record.messageId))}::bytea[],
            ${packIntegers(records.map(record => record.seq))}::bigint[],
            ${packIntegers(records.map(record => record.keyVersion))}::bigint[],
            ${packBytes(records.map(record => record.sealed))}::bytea[], ${quotaBytes}) AS is_member`.execute(
          database,
        )
      const { rows } = await writingStore(write, 'CHAT_ARCHIVE_FULL', { quotaBytes })
      if (rows[0]?.is_member !== true) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
    },

    async read(session, { conversationId, before, limit = LIMITS.archiveRecordsPerPage }) {
      await assertEverMember(session, conversationId)
      // One row more than the page says whether there is more. The sum counts without reading the records;
      // the first one is given whatever its size.
      const { rows } = await sql<RecordRow>`
        SELECT message_id, seq, key_version, sealed, count(*) OVER () < found AS has_more
        FROM (
          SELECT *, count(*) OVER () AS found, row_number() OVER (ORDER BY seq DESC) AS place,
            sum(octet_length(sealed)) OVER (ORDER BY seq DESC) AS total
          FROM (
            SELECT * FROM archive_record
            WHERE account_id = ${idBytes(session.accountId)}
              AND conversation_id = ${idBytes(conversationId)} AND seq < ${before}
            ORDER BY seq DESC LIMIT ${limit + 1}) page
        ) counted
        WHERE place <= ${limit} AND (total <= ${PAGE_BYTES} OR place = 1)
        ORDER BY seq DESC`.execute(database)
      return {
        records: rows.map(row => ({
          messageId: idText<MessageId>(row.message_id),
          seq: row.seq,
          keyVersion: row.key_version,
          sealed: row.sealed,
        })),
        hasMore: rows[0]?.has_more ?? false,
      }
    },
  }
}
