import { type DeviceId, ProtocolError } from '@entangle/protocol'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { ChatEvent } from './chat-event.ts'
import { CONVERSATION_KINDS } from './conversation-store.ts'
import { deliveryOf } from './deliver-frames.ts'
import {
  assertMember,
  findRecorded,
  type Handshake,
  lockConversation,
  recordRefusal,
  storeHandshake,
  type Work,
  withPublicGroup,
} from './handshake-log.ts'
import type { OpenGroup, PublicGroups } from './public-groups.ts'
import type { Publisher } from './routing/router.ts'

/**
 * An account leaves a group at once, whatever comes of its proposal: its devices read up to that place of the log and
 * no further, and no commit of a member passes any more that leaves one of them in the tree.
 */
export type LeaveService = {
  leave(
    session: DeviceSession,
    request: RequestOf<'leaveConversation'>,
  ): Promise<AnswerOf<'leaveConversation'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly groups: PublicGroups
  readonly router: Publisher
  readonly clock: Clock
}

type Answer = AnswerOf<'leaveConversation'>
type Outcome =
  | { readonly kind: 'known'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly epoch: number }
  | { readonly kind: 'left'; readonly answer: Answer; readonly deviceIds: readonly DeviceId[] }

export function createLeaveService({ database, groups, router, clock }: Dependencies): LeaveService {
  return {
    async leave(session, { conversationId, messageId, epoch, proposal }) {
      const handshake: Handshake = { kind: 'proposal', conversationId, messageId, epoch, body: proposal }
      const nowMs = clock.now()
      const outcome = await withPublicGroup(groups, open =>
        database.transaction().execute(async (work): Promise<Outcome> => {
          const locked = await lockConversation(work, idBytes(conversationId))
          const recorded = await findRecorded(work, session, handshake)
          if (recorded?.kind === 'refused') return recorded
          if (recorded !== undefined) {
            const { seq, serverTime } = recorded
            return { kind: 'known', answer: { seq, serverTime } }
          }
          await assertMember(work, session, idBytes(conversationId))
          if (CONVERSATION_KINDS[locked.kind] !== 'group') throw new ProtocolError('CHAT_COMMIT_INVALID')
          if (epoch !== locked.epoch) return recordRefusal(work, session, handshake, locked.epoch)
          assertOwnProposal(session, await open(conversationId, locked.epoch, work), proposal)
          if (await isLastWhoKnows(work, session, handshake)) throw new ProtocolError('CHAT_LEAVER_KEPT')
          const seq = locked.last_seq + 1
          await storeHandshake(work, session, handshake, seq, nowMs)
          const deviceIds = await storeLeave(work, session, handshake, seq)
          return { kind: 'left', deviceIds, answer: { seq, serverTime: nowMs } }
        }),
      )
      if (outcome.kind === 'refused') throw new ProtocolError('CHAT_EPOCH_STALE', { epoch: outcome.epoch })
      if (outcome.kind === 'left')
        router.publish(eventsOf(session, handshake, outcome.answer, outcome.deviceIds))
      return outcome.answer
    },
  }
}

function assertOwnProposal(session: DeviceSession, group: OpenGroup, proposal: Uint8Array): void {
  const { accountId, deviceId } = group.verifySelfRemove(proposal)
  if (accountId !== session.accountId || deviceId !== session.deviceId)
    throw new ProtocolError('CHAT_COMMIT_INVALID')
}

/**
 * Whether this device has seen somebody leave who is still in the tree, and nobody has who would stay: they came in by
 * themselves since, and no log that they may read tells of it. None of their commits could ever pass.
 */
async function isLastWhoKnows(
  work: Work,
  { accountId, deviceId }: DeviceSession,
  { conversationId }: Handshake,
): Promise<boolean> {
  const [conversation_id, account_id] = [idBytes(conversationId), idBytes(accountId)]
  const present = await work
    .selectFrom('conversation_member')
    .select(['device_id', 'account_id', 'joined_seq'])
    .where('conversation_id', '=', conversation_id)
    .where('left_seq', 'is', null)
    .execute()
  const leaving = await work
    .selectFrom('leaving')
    .select('seq')
    .where('conversation_id', '=', conversation_id)
    .execute()
  const stay = present.filter(member => !member.account_id.equals(account_id))
  const self = present.find(member => member.device_id.equals(idBytes(deviceId)))
  if (stay.length === 0 || self === undefined) return false
  return leaving.some(({ seq }) => self.joined_seq < seq && stay.every(({ joined_seq }) => joined_seq > seq))
}

/** Answers with the devices that have gone. */
async function storeLeave(
  work: Work,
  { accountId }: DeviceSession,
  { conversationId, epoch }: Handshake,
  seq: number,
): Promise<DeviceId[]> {
  const [conversation_id, account_id] = [idBytes(conversationId), idBytes(accountId)]
  await work
    .updateTable('conversation')
    .set({ last_seq: seq, changed_seq: seq })
    .where('id', '=', conversation_id)
    .execute()
  await work.insertInto('leaving').values({ conversation_id, account_id, epoch, seq }).execute()
  const gone = await work
    .updateTable('conversation_member')
    .set({ left_seq: seq })
    .where('conversation_id', '=', conversation_id)
    .where('account_id', '=', account_id)
    .where('left_seq', 'is', null)
    .returning('device_id')
    .execute()
  // A device that was added and has not come in yet must not come in now.
  await work
    .deleteFrom('welcome')
    .where('conversation_id', '=', conversation_id)
    .where(
      'device_id',
      'in',
      gone.map(row => row.device_id),
    )
    .execute()
  return gone.map(row => idText<DeviceId>(row.device_id))
}

function eventsOf(
  session: DeviceSession,
  handshake: Handshake,
  { seq, serverTime }: Answer,
  deviceIds: readonly DeviceId[],
): ChatEvent[] {
  const { conversationId } = handshake
  return [
    // Also for the leaver's other devices, which learn by it that they have left.
    deliveryOf({ ...handshake, seq, serverTime, senderDevice: session.deviceId }),
    { kind: 'left', conversationId, deviceIds },
    { kind: 'announced', conversationId, accountIds: [session.accountId] },
  ]
}
