import type { GroupStatus } from '@entangle/crypto'
import { type AccountId, idToBytes } from '@entangle/protocol'
import { between } from '../account/timing.ts'
import { enterGroupEpoch } from '../groups/epoch.ts'
import { memberOf } from '../identity/leaf-check.ts'
import type { Departure, Draft, Place, Room } from './draft.ts'
import { exportEpochKeys, withEpochKeys } from './epoch-keys.ts'

/** A commit as it came about in the log. */
export type Happening = {
  readonly place: Place
  readonly from: AccountId
  readonly external: boolean
  /** Accounts with a leaf from now on, where that is known already. */
  readonly members: ReadonlySet<AccountId> | undefined
}

/** The merged commit has begun an epoch. */
export async function enterEpoch(
  room: Room,
  draft: Draft,
  status: GroupStatus,
  happening: Happening,
): Promise<void> {
  const { strangers } = draft.conversation
  const groupId = idToBytes(draft.conversation.conversationId)
  const present = strangers.length === 0 ? [] : room.mls.groupMembers(groupId).map(memberOf)
  const { commit } = draft.conversation
  draft.conversation = {
    ...draft.conversation,
    commit: null,
    strangers: strangers.filter(device => present.some(({ deviceId }) => deviceId === device)),
    keys: withEpochKeys(draft.conversation.keys, {
      ...exportEpochKeys(room.mls, status),
      since: room.context.clock.now(),
    }),
  }
  await enterGroupEpoch(room, draft, happening, commit?.snapshot?.state)
}

/** Nothing of the group opens here any more. */
export function leaveGroup({ context, mls }: Room, draft: Draft, departure: Departure): void {
  const groupId = idToBytes(draft.conversation.conversationId)
  context.diagnostics.note('OUT_OF_CONVERSATION', departure)
  mls.discardStagedCommit(groupId)
  mls.deleteGroup(groupId)
  if (draft.chat.kind === 'group') {
    for (const { inviteId } of draft.chat.group.state.invites) mls.deletePreSharedKey(idToBytes(inviteId))
  }
  draft.departure = departure
}

/** Somebody else's commit won this epoch: ours is void and has to be built anew. */
export function dropPendingCommit({ context, mls }: Room, draft: Draft): void {
  if (draft.conversation.commit === null) return
  const { clock, timing } = context
  mls.clearPendingCommit(idToBytes(draft.conversation.conversationId))
  draft.conversation = {
    ...draft.conversation,
    commit: null,
    // Whatever it was for: a sweep that finds nothing left to do commits nothing.
    sweepDueAt: clock.now(),
    updateDueAt: clock.now() + between(timing.selfUpdate, clock.random()),
  }
}
