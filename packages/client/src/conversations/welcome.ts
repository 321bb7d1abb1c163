import type { StagedWelcome } from '@entangle/crypto'
import type { DeviceId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ActiveConversation } from '../chats/chat-record.ts'
import { isUnlisted } from '../identity/directory.ts'
import { hasLeft } from '../identity/earlier-devices.ts'
import { assertLeaf, checkAll, memberOf } from '../identity/leaf-check.ts'
import type { Transaction } from '../store/ledger.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import type { Trust } from './draft.ts'
import { exportEpochKeys } from './epoch-keys.ts'
import { updateAfterJoining } from './self-update.ts'
import { beginTranscript } from './transcript.ts'

export type WaitingWelcome = AnswerOf<'listWelcomes'>['welcomes'][number]

/** A Welcome that must not be followed: the server keeps it no longer. */
export class WelcomeRefused extends Error {
  override readonly name = 'WelcomeRefused'
}

/** Of leaves that verify, those whose devices are out of their list by now. */
export function inspectLeaves(
  { self, contacts, clock }: AccountContext,
  leaves: StagedWelcome['members'],
  { fresh, followsDeparted }: Trust,
): DeviceId[] {
  const strangers: DeviceId[] = []
  checkAll(leaves, leaf => {
    try {
      assertLeaf({ self, contacts, nowMs: clock.now(), fresh }, leaf)
    } catch (error) {
      if (!isUnlisted(error) || !(followsDeparted || hasLeft(contacts, leaf))) throw error
      strangers.push(memberOf(leaf).deviceId)
    }
  })
  return strangers
}

/** Part of a transaction: the Welcome is followed, for good. */
export function acceptWelcome(
  context: AccountContext,
  { mls }: Transaction,
  { conversationId, joinedSeq }: WaitingWelcome,
  strangers: readonly DeviceId[],
  leaves = 0,
): ActiveConversation {
  const status = mls.acceptWelcome()
  return {
    phase: 'active',
    conversationId,
    cursor: joinedSeq,
    keys: [exportEpochKeys(mls, status)],
    commit: null,
    updateDueAt: updateAfterJoining(context, leaves),
    sweepDueAt: strangers.length === 0 ? null : context.clock.now(),
    strangers,
    transcript: beginTranscript(joinedSeq),
  }
}
