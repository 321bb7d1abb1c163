import {
  type AccountId,
  type ConversationId,
  type InviteId,
  isManager,
  type ManagedGroup,
  ProtocolError,
  parseGroupData,
  roleOf,
} from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText, packIds } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { Work } from './handshake-log.ts'

/** What stands behind an invite link: the group's state, sealed under a secret that only the link has. */
export type InviteService = {
  write(session: DeviceSession, request: RequestOf<'writeInvite'>): Promise<void>
  read(inviteId: InviteId): Promise<AnswerOf<'readInvite'>>
}

/** The group data, held as it is until the transaction ends. */
async function lockGroupData(work: Work, conversationId: ConversationId): Promise<ManagedGroup | undefined> {
  const row = await work
    .selectFrom('conversation_group')
    .select('group_data')
    .where('conversation_id', '=', idBytes(conversationId))
    .forShare()
    .executeTakeFirst()
  if (row === undefined || row.group_data === null) return undefined
  const data = parseGroupData(row.group_data)
  return data?.kind === 'group' ? data : undefined
}

/** Of the accounts that have to do with the question those that are members. */
async function readPresent(
  work: Work,
  conversationId: ConversationId,
  accounts: readonly AccountId[],
): Promise<Set<AccountId>> {
  const { rows } = await sql<{ account_id: Buffer }>`
    SELECT DISTINCT account_id::bytea AS account_id FROM conversation_member
    WHERE conversation_id = ${idBytes(conversationId)} AND left_seq IS NULL
      AND account_id = ANY (${packIds(accounts)}::bytea[])`.execute(work)
  return new Set(rows.map(row => idText<AccountId>(row.account_id)))
}

export function createInviteService(database: ChatDatabase): InviteService {
  return {
    async write({ accountId }, { conversationId, inviteId, sealed }) {
      await database.transaction().execute(async work => {
        const data = await lockGroupData(work, conversationId)
        if (data === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
        const present = await readPresent(work, conversationId, [accountId, ...data.owners, ...data.admins])
        if (!present.has(accountId)) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
        if (!isManager(roleOf(data, present, accountId))) throw new ProtocolError('CHAT_ROLE_REQUIRED')
        const invalid = new ProtocolError('CHAT_INVITE_INVALID')
        if (!data.invites.has(inviteId)) throw invalid
        // An id that another group has taken first stays there.
        const { rows } = await sql`
          INSERT INTO invite AS i (invite_id, conversation_id, sealed)
          VALUES (${idBytes(inviteId)}, ${idBytes(conversationId)}, ${sealed})
          ON CONFLICT (invite_id) DO UPDATE SET sealed = EXCLUDED.sealed
            WHERE i.conversation_id = EXCLUDED.conversation_id
          RETURNING 1`.execute(work)
        if (rows.length === 0) throw invalid
      })
    },

    async read(inviteId) {
      const row = await database
        .selectFrom('invite as i')
        .innerJoin('conversation as c', 'c.id', 'i.conversation_id')
        .innerJoin('conversation_group as g', 'g.conversation_id', 'c.id')
        .innerJoin('ratchet_tree as t', join =>
          join.onRef('t.conversation_id', '=', 'c.id').onRef('t.epoch', '=', 'c.epoch'),
        )
        .select(['c.id', 'c.epoch', 'c.last_seq', 'g.group_info', 't.tree', 'i.sealed'])
        .where('i.invite_id', '=', idBytes(inviteId))
        .executeTakeFirst()
      if (row === undefined) throw new ProtocolError('CHAT_INVITE_INVALID')
      return {
        conversationId: idText<ConversationId>(row.id),
        epoch: row.epoch,
        lastSeq: row.last_seq,
        groupInfo: row.group_info,
        ratchetTree: row.tree,
        sealed: row.sealed,
      }
    },
  }
}
