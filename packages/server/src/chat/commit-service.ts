import { type AccountId, type ConversationId, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText, packIds } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { ChatEvent } from './chat-event.ts'
import { assertCommitAllowed } from './commit-rules.ts'
import { CONVERSATION_KINDS } from './conversation-store.ts'
import { deliveryOf } from './deliver-frames.ts'
import { storedData, storeEntries, storeJoined, storeLeft, storeWelcomes } from './group-store.ts'
import {
  assertMember,
  findRecorded,
  type Handshake,
  type LockedConversation,
  lockConversation,
  recordRefusal,
  storeHandshake,
  type Work,
  withPublicGroup,
} from './handshake-log.ts'
import { accountsOf, assertListedMembers, assertWelcomesFit } from './member-check.ts'
import type { GroupMember, OpenGroup, PublicGroups, VerifiedCommit } from './public-groups.ts'
import type { Publisher } from './routing/router.ts'

export type CommitService = {
  submit(session: DeviceSession, request: RequestOf<'submitCommit'>): Promise<AnswerOf<'submitCommit'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly directory: KeyDirectory
  readonly groups: PublicGroups
  readonly router: Publisher
  readonly clock: Clock
}

type Request = RequestOf<'submitCommit'>
type Answer = AnswerOf<'submitCommit'>
type Outcome =
  | { readonly kind: 'known'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly epoch: number }
  | { readonly kind: 'accepted'; readonly answer: Answer; readonly commit: VerifiedCommit }

const handshakeOf = ({ conversationId, messageId, epoch, commit }: Request): Handshake => ({
  kind: 'commit',
  conversationId,
  messageId,
  epoch,
  body: commit,
})

export function createCommitService({
  database,
  directory,
  groups,
  router,
  clock,
}: Dependencies): CommitService {
  async function verify(
    work: Work,
    session: DeviceSession,
    request: Request,
    locked: LockedConversation,
    group: OpenGroup,
  ): Promise<VerifiedCommit> {
    const { leaving, proposals } = await readLeaving(work, request.conversationId, locked.epoch)
    const commit = group.verifyCommit(request.commit, request.groupInfo, proposals)
    await assertCommitAllowed(directory, commit, {
      session,
      epoch: locked.epoch,
      invite: request.invite,
      leaving,
    })
    await assertListedMembers(directory, joinedBy(commit))
    assertWelcomesFit(commit.added, request.welcomes)
    if (CONVERSATION_KINDS[locked.kind] === 'direct') await assertSamePeople(work, request, commit)
    return commit
  }

  return {
    async submit(session, request) {
      const handshake = handshakeOf(request)
      const id = idBytes(request.conversationId)
      const nowMs = clock.now()
      const outcome = await withPublicGroup(groups, open =>
        database.transaction().execute(async (work): Promise<Outcome> => {
          const locked = await lockConversation(work, id)
          const recorded = await findRecorded(work, session, handshake)
          if (recorded?.kind === 'refused') return recorded
          if (recorded !== undefined) {
            const { seq, epoch, serverTime } = recorded
            return { kind: 'known', answer: { seq, epoch: epoch + 1, serverTime } }
          }
          if (request.invite === undefined || !(await isOpenInvite(work, request.invite, id)))
            await assertMember(work, session, id)
          if (request.epoch !== locked.epoch) return recordRefusal(work, session, handshake, locked.epoch)
          const group = await open(request.conversationId, locked.epoch, work)
          const commit = await verify(work, session, request, locked, group)
          const seq = locked.last_seq + 1
          await storeHandshake(work, session, handshake, seq, nowMs)
          await storeCommit(work, session, request, commit, seq)
          return { kind: 'accepted', commit, answer: { seq, epoch: commit.newEpoch, serverTime: nowMs } }
        }),
      )
      if (outcome.kind === 'refused') throw new ProtocolError('CHAT_EPOCH_STALE', { epoch: outcome.epoch })
      if (outcome.kind === 'accepted')
        router.publish(eventsOf(session, handshake, outcome.commit, outcome.answer))
      return outcome.answer
    },
  }
}

const joinedBy = ({ added, external, sender }: VerifiedCommit): GroupMember[] =>
  external ? [...added, sender] : [...added]

function leftBy({ members, removed }: VerifiedCommit): GroupMember[] {
  const stay = new Set(members.map(member => member.deviceId))
  return removed.filter(member => !stay.has(member.deviceId))
}

const isOpenInvite = async (work: Work, invite: string, id: Buffer): Promise<boolean> =>
  (await work
    .selectFrom('invite')
    .select('invite_id')
    .where('invite_id', '=', idBytes(invite))
    .where('conversation_id', '=', id)
    .executeTakeFirst()) !== undefined

/** Who leaves and is still in the tree, and their proposals as far as a commit may still refer to them. */
async function readLeaving(
  work: Work,
  conversationId: ConversationId,
  epoch: number,
): Promise<{ readonly leaving: ReadonlySet<AccountId>; readonly proposals: readonly Uint8Array[] }> {
  const rows = await work
    .selectFrom('leaving as l')
    .innerJoin('message as m', join =>
      join.onRef('m.conversation_id', '=', 'l.conversation_id').onRef('m.seq', '=', 'l.seq'),
    )
    .select(['l.account_id', 'l.epoch', 'm.body'])
    .where('l.conversation_id', '=', idBytes(conversationId))
    .orderBy('l.seq')
    .execute()
  return {
    leaving: new Set(rows.map(row => idText<AccountId>(row.account_id))),
    proposals: rows.filter(row => row.epoch === epoch).map(row => row.body),
  }
}

async function assertSamePeople(work: Work, request: Request, commit: VerifiedCommit): Promise<void> {
  const pair = await work
    .selectFrom('direct_pair')
    .select(['low', 'high'])
    .where('conversation_id', '=', idBytes(request.conversationId))
    .executeTakeFirst()
  const allowed = pair === undefined ? [] : [pair.low.toString('hex'), pair.high.toString('hex')]
  if (commit.members.some(member => !allowed.includes(member.accountId)))
    throw new ProtocolError('CHAT_COMMIT_INVALID')
}

async function storeCommit(
  work: Work,
  session: DeviceSession,
  request: Request,
  commit: VerifiedCommit,
  seq: number,
): Promise<void> {
  const { conversationId } = request
  const conversation_id = idBytes(conversationId)
  await work
    .updateTable('conversation')
    .set({
      epoch: commit.newEpoch,
      last_seq: seq,
      changed_seq: seq,
      // Whoever is out could open what others still encrypt for the epochs before.
      ...(commit.removed.length > 0 ? { min_epoch: commit.newEpoch } : {}),
    })
    .where('id', '=', conversation_id)
    .where('epoch', '=', request.epoch)
    .execute()
  await work
    .insertInto('commit_log')
    .values({
      conversation_id,
      seq,
      epoch: request.epoch,
      message_id: idBytes(request.messageId),
      sender_device: idBytes(session.deviceId),
    })
    .execute()
  await storeEntries(work, conversationId, commit.changes)
  await storeTree(work, request, commit)
  await storeData(work, request, commit)
  await storeLeft(
    work,
    conversationId,
    leftBy(commit).map(member => member.deviceId),
    seq,
  )
  await storeJoined(work, conversationId, joinedBy(commit), seq)
  await endLeaving(work, conversationId, commit)
  await storeWelcomes(work, {
    conversationId,
    epoch: commit.newEpoch,
    joinedSeq: seq,
    welcomes: request.welcomes,
  })
}

async function storeTree(work: Work, request: Request, commit: VerifiedCommit): Promise<void> {
  const conversation_id = idBytes(request.conversationId)
  await sql`
    DELETE FROM ratchet_tree t WHERE t.conversation_id = ${conversation_id} AND NOT EXISTS (
      SELECT 1 FROM welcome w WHERE w.conversation_id = t.conversation_id AND w.epoch = t.epoch)`.execute(
    work,
  )
  await work
    .insertInto('ratchet_tree')
    .values({
      conversation_id,
      epoch: commit.newEpoch,
      tree: commit.ratchetTree,
      snapshot: request.snapshot ?? null,
    })
    .execute()
}

/** A link ends here when the commit takes its id out. */
async function storeData(work: Work, request: Request, { dataAfter }: VerifiedCommit): Promise<void> {
  const conversation_id = idBytes(request.conversationId)
  await work
    .updateTable('conversation_group')
    .set({
      group_info: request.groupInfo,
      ...(dataAfter === undefined ? {} : { group_data: storedData(dataAfter) }),
    })
    .where('conversation_id', '=', conversation_id)
    .execute()
  if (dataAfter?.kind !== 'group') return
  await sql`
    DELETE FROM invite WHERE conversation_id = ${conversation_id}
      AND invite_id <> ALL (${packIds([...dataAfter.invites])}::bytea[])`.execute(work)
}

async function endLeaving(work: Work, conversationId: ConversationId, commit: VerifiedCommit): Promise<void> {
  const stay = new Set(accountsOf(commit.members))
  const gone = accountsOf(commit.removed).filter(account => !stay.has(account))
  if (gone.length === 0) return
  await work
    .deleteFrom('leaving')
    .where('conversation_id', '=', idBytes(conversationId))
    .where('account_id', 'in', gone.map(idBytes))
    .execute()
}

function eventsOf(
  session: DeviceSession,
  handshake: Handshake,
  commit: VerifiedCommit,
  { seq, serverTime }: Answer,
): ChatEvent[] {
  const { conversationId } = handshake
  return [
    // Those it removes still get the commit, to know that they were removed, and nothing after it.
    deliveryOf({ ...handshake, seq, serverTime, senderDevice: session.deviceId }),
    { kind: 'left', conversationId, deviceIds: leftBy(commit).map(member => member.deviceId) },
    { kind: 'joined', conversationId, deviceIds: joinedBy(commit).map(member => member.deviceId) },
    { kind: 'announced', conversationId, accountIds: accountsOf([...commit.added, ...commit.removed]) },
    ...commit.added.map(({ deviceId }): ChatEvent => ({ kind: 'welcome', conversationId, deviceId })),
  ]
}
