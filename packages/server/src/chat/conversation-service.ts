import {
  type AccountId,
  type ConversationHead,
  type ConversationId,
  type ConversationKind,
  LIMITS,
  ProtocolError,
} from '@entangle/protocol'
import { type Kysely, sql } from 'kysely'
import type { ChatDatabase, ChatSchema } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { RequestOf } from '../http/route.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { ChatEvent } from './chat-event.ts'
import { CONVERSATION_KINDS, readHeads } from './conversation-store.ts'
import { storedData, storeEntries, storeJoined, storeWelcomes } from './group-store.ts'
import { accountsOf, assertListedMembers, assertWelcomesFit } from './member-check.ts'
import type { PublicGroups, VerifiedGroup } from './public-groups.ts'
import type { Publisher } from './routing/router.ts'

export type ConversationService = {
  create(session: DeviceSession, request: RequestOf<'createConversation'>): Promise<ConversationHead>
  list(session: DeviceSession): Promise<ConversationHead[]>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly directory: KeyDirectory
  readonly groups: PublicGroups
  readonly router: Publisher
}

type Pair = { readonly low: Buffer; readonly high: Buffer }

function pairOf(accounts: readonly AccountId[]): Pair {
  const [low, high, ...others] = [...new Set(accounts)].sort()
  if (low === undefined || high === undefined || others.length > 0)
    throw new ProtocolError('CHAT_COMMIT_INVALID')
  return { low: idBytes(low), high: idBytes(high) }
}

export function createConversationService(dependencies: Dependencies): ConversationService {
  const { database, directory, groups, router } = dependencies

  async function headFor(session: DeviceSession, conversationId: ConversationId): Promise<ConversationHead> {
    const [head] = await readHeads(database, session, conversationId)
    if (head === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
    return head
  }

  /** The conversation with this id, if it was made by this device before. Another's id is no conversation of ours. */
  async function findOwn(session: DeviceSession, id: ConversationId): Promise<ConversationHead | undefined> {
    const row = await database
      .selectFrom('conversation')
      .select('creator')
      .where('id', '=', idBytes(id))
      .executeTakeFirst()
    if (row === undefined) return undefined
    if (idText(row.creator) !== session.deviceId) throw new ProtocolError('CHAT_COMMIT_INVALID')
    return headFor(session, id)
  }

  async function store(
    session: DeviceSession,
    request: RequestOf<'createConversation'>,
    group: VerifiedGroup,
    pair: Pair | undefined,
  ): Promise<void> {
    const { conversationId } = request
    const id = idBytes(conversationId)
    await database.transaction().execute(async work => {
      if (pair !== undefined) await takePair(work, pair, id)
      await work
        .insertInto('conversation')
        .values({
          id,
          kind: CONVERSATION_KINDS.indexOf(request.kind),
          epoch: group.epoch,
          creator: idBytes(session.deviceId),
        })
        .execute()
      await work
        .insertInto('conversation_group')
        .values({ conversation_id: id, group_info: request.groupInfo, group_data: storedData(group.data) })
        .execute()
      await storeEntries(work, conversationId, group.entries)
      await work
        .insertInto('ratchet_tree')
        .values({
          conversation_id: id,
          epoch: group.epoch,
          tree: request.ratchetTree,
          snapshot: request.snapshot ?? null,
        })
        .execute()
      await storeJoined(work, conversationId, group.members, 0)
      await storeWelcomes(work, {
        conversationId,
        epoch: group.epoch,
        joinedSeq: 0,
        welcomes: request.welcomes,
      })
    })
  }

  return {
    list: session => readHeads(database, session),

    async create(session, request) {
      const { conversationId } = request
      const before = await findOwn(session, conversationId)
      if (before !== undefined) return before

      const group = groups.verifyGroup(conversationId, request.groupInfo, request.ratchetTree)
      const own = group.members.find(member => member.deviceId === session.deviceId)
      if (own === undefined || own.accountId !== session.accountId)
        throw new ProtocolError('CHAT_COMMIT_INVALID')
      assertDataFits(session, request.kind, group)
      await assertListedMembers(directory, group.members)
      const others = group.members.filter(member => member !== own)
      assertWelcomesFit(others, request.welcomes)
      const pair =
        request.kind === 'direct' ? pairOf(group.members.map(member => member.accountId)) : undefined
      await assertNobodyGone(
        database,
        group.members.map(member => member.accountId),
      )

      try {
        await store(session, request, group, pair)
      } catch (error) {
        // The same request, sent twice at once: the other one has just stored it.
        const raced = isUniqueViolation(error) ? await findOwn(session, conversationId) : undefined
        if (raced !== undefined) return raced
        throw error
      }
      const deviceIds = group.members.map(member => member.deviceId)
      router.publish([
        { kind: 'joined', conversationId, deviceIds },
        { kind: 'announced', conversationId, accountIds: accountsOf(group.members) },
        ...others.map(({ deviceId }): ChatEvent => ({ kind: 'welcome', conversationId, deviceId })),
      ])
      return headFor(session, conversationId)
    },
  }
}

/** Whoever makes a group owns it, and roles are those of members. */
function assertDataFits(
  session: DeviceSession,
  kind: ConversationKind,
  { data, members }: VerifiedGroup,
): void {
  if (data.kind !== kind) throw new ProtocolError('CHAT_COMMIT_INVALID')
  if (data.kind === 'direct') return
  const accounts = new Set(accountsOf(members))
  if (accounts.size > LIMITS.groupMembers) throw new ProtocolError('CHAT_GROUP_FULL')
  const areMembers = [...data.owners, ...data.admins].every(account => accounts.has(account))
  if (!areMembers || !data.owners.has(session.accountId)) throw new ProtocolError('CHAT_COMMIT_INVALID')
}

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505'

/** One row a pair of accounts decides a race: who comes second learns the winner's conversation. */
async function takePair(work: Kysely<ChatSchema>, pair: Pair, id: Buffer): Promise<void> {
  const inserted = await sql`
    INSERT INTO direct_pair (low, high, conversation_id) VALUES (${pair.low}, ${pair.high}, ${id})
    ON CONFLICT (low, high) DO NOTHING RETURNING 1`.execute(work)
  if (inserted.rows.length > 0) return
  const winner = await work
    .selectFrom('direct_pair')
    .select('conversation_id')
    .where('low', '=', pair.low)
    .where('high', '=', pair.high)
    .executeTakeFirst()
  if (winner === undefined) throw new ProtocolError('SERVER_ERROR')
  const conversationId = idText<ConversationId>(winner.conversation_id)
  if (conversationId !== idText(id)) throw new ProtocolError('CHAT_DIRECT_EXISTS', { conversationId })
}

async function assertNobodyGone(database: ChatDatabase, accounts: readonly AccountId[]): Promise<void> {
  const gone = await database
    .selectFrom('gone_account')
    .select('account_id')
    .where('account_id', 'in', accounts.map(idBytes))
    .executeTakeFirst()
  if (gone !== undefined) throw new ProtocolError('CHAT_PEER_GONE')
}
