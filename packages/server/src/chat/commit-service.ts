import { createHash } from 'node:crypto'
import { type ConversationId, type DeviceId, ProtocolError } from '@entangle/protocol'
import { sql, type Transaction } from 'kysely'
import type { ChatDatabase, ChatSchema } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventBus } from '../ports/event-bus.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { type ChatEvent, LOCAL_SLOT } from './chat-event.ts'
import { encodeDelivery } from './deliver-frames.ts'
import { accountsOf, assertListedMembers, assertWelcomesFit } from './member-check.ts'
import type { PublicGroups, VerifiedCommit } from './public-groups.ts'

export type CommitService = {
  submit(session: DeviceSession, request: RequestOf<'submitCommit'>): Promise<AnswerOf<'submitCommit'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly directory: KeyDirectory
  readonly groups: PublicGroups
  readonly bus: EventBus<ChatEvent>
  readonly clock: Clock
}

type Request = RequestOf<'submitCommit'>
type Work = Transaction<ChatSchema>
type Locked = { readonly kind: number; readonly epoch: number; readonly last_seq: number }
type Outcome =
  | { readonly kind: 'known'; readonly answer: AnswerOf<'submitCommit'> }
  | { readonly kind: 'refused'; readonly epoch: number }
  | { readonly kind: 'accepted'; readonly answer: AnswerOf<'submitCommit'>; readonly commit: VerifiedCommit }

const KIND_COMMIT = 1
const KIND_DIRECT = 0

export function createCommitService({
  database,
  directory,
  groups,
  bus,
  clock,
}: Dependencies): CommitService {
  async function lockConversation(work: Work, id: Buffer): Promise<Locked> {
    const row = await work
      .selectFrom('conversation')
      .select(['kind', 'epoch', 'last_seq'])
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (row === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
    return row
  }

  /** The device is in the tree, or may come in by an external commit because its account is. */
  async function assertMayCommit(work: Work, session: DeviceSession, id: Buffer): Promise<void> {
    const member = await work
      .selectFrom('conversation_member')
      .select('device_id')
      .where('conversation_id', '=', id)
      .where('account_id', '=', idBytes(session.accountId))
      .where('left_seq', 'is', null)
      .executeTakeFirst()
    if (member !== undefined) return
    const former = await work
      .selectFrom('conversation_member')
      .select('device_id')
      .where('conversation_id', '=', id)
      .where('device_id', '=', idBytes(session.deviceId))
      .executeTakeFirst()
    throw new ProtocolError(former === undefined ? 'CHAT_CONVERSATION_NOT_FOUND' : 'CHAT_NOT_MEMBER')
  }

  async function findRecorded(
    work: Work,
    session: DeviceSession,
    request: Request,
    digest: Buffer,
  ): Promise<Outcome | undefined> {
    const known = await work
      .selectFrom('message')
      .select(['seq', 'epoch', 'server_time', 'body', 'kind'])
      .where('conversation_id', '=', idBytes(request.conversationId))
      .where('sender_device', '=', idBytes(session.deviceId))
      .where('message_id', '=', idBytes(request.messageId))
      .executeTakeFirst()
    if (known !== undefined) {
      const same = known.kind === KIND_COMMIT && Buffer.from(known.body).equals(Buffer.from(request.commit))
      if (!same) throw new ProtocolError('CHAT_MESSAGE_ID_REUSED')
      return {
        kind: 'known',
        answer: { seq: known.seq, epoch: known.epoch + 1, serverTime: known.server_time },
      }
    }
    const refusal = await work
      .selectFrom('epoch_refusal')
      .select('current_epoch')
      .where('conversation_id', '=', idBytes(request.conversationId))
      .where('sender_device', '=', idBytes(session.deviceId))
      .where('message_id', '=', idBytes(request.messageId))
      .where('digest', '=', digest)
      .executeTakeFirst()
    return refusal && { kind: 'refused', epoch: refusal.current_epoch }
  }

  async function recordRefusal(
    work: Work,
    session: DeviceSession,
    request: Request,
    digest: Buffer,
    epoch: number,
  ): Promise<Outcome> {
    await work
      .insertInto('epoch_refusal')
      .values({
        conversation_id: idBytes(request.conversationId),
        sender_device: idBytes(session.deviceId),
        message_id: idBytes(request.messageId),
        digest,
        current_epoch: epoch,
      })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    return { kind: 'refused', epoch }
  }

  async function verify(
    work: Work,
    session: DeviceSession,
    request: Request,
    locked: Locked,
  ): Promise<VerifiedCommit> {
    const id = idBytes(request.conversationId)
    const entries = await work
      .selectFrom('public_group_entry')
      .select(['key', 'value'])
      .where('conversation_id', '=', id)
      .execute()
    const commit = groups.verifyCommit(request.conversationId, entries, request.commit, request.groupInfo)
    assertCommitAllowed(session, locked, commit)
    await assertListedMembers(directory, [...commit.added, ...(commit.external ? [commit.sender] : [])])
    assertWelcomesFit(commit.added, request.welcomes)
    if (locked.kind === KIND_DIRECT) await assertSamePeople(work, id, commit)
    return commit
  }

  return {
    async submit(session, request) {
      const id = idBytes(request.conversationId)
      const digest = createHash('sha256').update(request.commit).digest()
      const nowMs = clock.now()
      const outcome = await database.transaction().execute(async (work): Promise<Outcome> => {
        const locked = await lockConversation(work, id)
        const recorded = await findRecorded(work, session, request, digest)
        if (recorded !== undefined) return recorded
        await assertMayCommit(work, session, id)
        if (request.epoch !== locked.epoch) return recordRefusal(work, session, request, digest, locked.epoch)
        const commit = await verify(work, session, request, locked)
        const seq = locked.last_seq + 1
        await storeCommit(work, session.deviceId, request, commit, seq, nowMs)
        return { kind: 'accepted', commit, answer: { seq, epoch: commit.newEpoch, serverTime: nowMs } }
      })
      if (outcome.kind === 'refused') throw new ProtocolError('CHAT_EPOCH_STALE', { epoch: outcome.epoch })
      if (outcome.kind === 'accepted')
        bus.publish(LOCAL_SLOT, eventsOf(session, request, outcome.commit, outcome.answer))
      return outcome.answer
    },
  }
}

/** What MLS allows and Entangle does not. */
function assertCommitAllowed(session: DeviceSession, locked: Locked, commit: VerifiedCommit): void {
  const ownDevice =
    commit.sender.deviceId === session.deviceId && commit.sender.accountId === session.accountId
  const stepsOn = commit.newEpoch === locked.epoch + 1
  // Who comes in from outside brings nobody and puts out nobody but the earlier self.
  const externalFits =
    !commit.external ||
    (commit.added.length === 0 && commit.removed.every(member => member.deviceId === session.deviceId))
  if (!ownDevice || !stepsOn || !externalFits) throw new ProtocolError('CHAT_COMMIT_INVALID')
}

async function assertSamePeople(work: Work, id: Buffer, commit: VerifiedCommit): Promise<void> {
  const pair = await work
    .selectFrom('direct_pair')
    .select(['low', 'high'])
    .where('conversation_id', '=', id)
    .executeTakeFirst()
  const allowed = pair === undefined ? [] : [pair.low.toString('hex'), pair.high.toString('hex')]
  if (commit.members.some(member => !allowed.includes(member.accountId)))
    throw new ProtocolError('CHAT_COMMIT_INVALID')
}

async function storeCommit(
  work: Work,
  senderDevice: DeviceId,
  request: Request,
  commit: VerifiedCommit,
  seq: number,
  nowMs: number,
): Promise<void> {
  const conversation_id = idBytes(request.conversationId)
  const message = {
    conversation_id,
    seq,
    epoch: request.epoch,
    message_id: idBytes(request.messageId),
    sender_device: idBytes(senderDevice),
  }
  await work
    .updateTable('conversation')
    .set({ epoch: commit.newEpoch, last_seq: seq })
    .where('id', '=', conversation_id)
    .where('epoch', '=', request.epoch)
    .execute()
  await work
    .insertInto('message')
    .values({ ...message, server_time: nowMs, kind: KIND_COMMIT, body: request.commit })
    .execute()
  await work.insertInto('commit_log').values(message).execute()
  await work
    .updateTable('conversation_group')
    .set({ group_info: request.groupInfo })
    .where('conversation_id', '=', conversation_id)
    .execute()
  await storeGroupState(work, conversation_id, commit)
  await storeMembers(work, conversation_id, commit, seq)
  if (request.welcomes.length > 0) {
    await work
      .insertInto('welcome')
      .values(
        request.welcomes.map(({ deviceId, welcome }) => ({
          device_id: idBytes(deviceId),
          conversation_id,
          epoch: commit.newEpoch,
          joined_seq: seq,
          welcome,
        })),
      )
      .execute()
  }
}

async function storeGroupState(work: Work, conversation_id: Buffer, commit: VerifiedCommit): Promise<void> {
  for (const { key, value } of commit.changes) {
    if (value === null) {
      await work
        .deleteFrom('public_group_entry')
        .where('conversation_id', '=', conversation_id)
        .where('key', '=', key)
        .execute()
    } else {
      await work
        .insertInto('public_group_entry')
        .values({ conversation_id, key, value })
        .onConflict(conflict => conflict.columns(['conversation_id', 'key']).doUpdateSet({ value }))
        .execute()
    }
  }
  await sql`
    DELETE FROM ratchet_tree t WHERE t.conversation_id = ${conversation_id} AND NOT EXISTS (
      SELECT 1 FROM welcome w WHERE w.conversation_id = t.conversation_id AND w.epoch = t.epoch)`.execute(
    work,
  )
  await work
    .insertInto('ratchet_tree')
    .values({ conversation_id, epoch: commit.newEpoch, tree: commit.ratchetTree })
    .execute()
}

async function storeMembers(
  work: Work,
  conversation_id: Buffer,
  commit: VerifiedCommit,
  seq: number,
): Promise<void> {
  const stay = new Set(commit.members.map(member => member.deviceId))
  const left = commit.removed.filter(member => !stay.has(member.deviceId))
  if (left.length > 0) {
    await work
      .updateTable('conversation_member')
      .set({ left_seq: seq })
      .where('conversation_id', '=', conversation_id)
      .where(
        'device_id',
        'in',
        left.map(member => idBytes(member.deviceId)),
      )
      .execute()
  }
  for (const member of [...commit.added, ...(commit.external ? [commit.sender] : [])]) {
    const place = { joined_seq: seq, left_seq: null }
    await work
      .insertInto('conversation_member')
      .values({
        conversation_id,
        device_id: idBytes(member.deviceId),
        account_id: idBytes(member.accountId),
        ...place,
      })
      .onConflict(conflict => conflict.columns(['conversation_id', 'device_id']).doUpdateSet(place))
      .execute()
  }
}

function eventsOf(
  session: DeviceSession,
  request: Request,
  commit: VerifiedCommit,
  answer: AnswerOf<'submitCommit'>,
): ChatEvent[] {
  const conversationId: ConversationId = request.conversationId
  const stay = new Set(commit.members.map(member => member.deviceId))
  const left = commit.removed.filter(member => !stay.has(member.deviceId)).map(member => member.deviceId)
  const joined = [...commit.added, ...(commit.external ? [commit.sender] : [])].map(member => member.deviceId)
  const frame = encodeDelivery({
    kind: 'commit',
    conversationId,
    messageId: request.messageId,
    epoch: request.epoch,
    seq: answer.seq,
    serverTime: answer.serverTime,
    senderDevice: session.deviceId,
    body: request.commit,
  })
  return [
    // Those it removes still get the commit, to know that they were removed, and nothing after it.
    { kind: 'deliver', conversationId, frame },
    { kind: 'left', conversationId, deviceIds: left },
    { kind: 'joined', conversationId, deviceIds: joined },
    { kind: 'announced', conversationId, accountIds: accountsOf([...commit.added, ...commit.removed]) },
    ...commit.added.map(({ deviceId }): ChatEvent => ({ kind: 'welcome', conversationId, deviceId })),
  ]
}
