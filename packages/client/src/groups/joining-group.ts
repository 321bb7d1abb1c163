import type { StagedWelcome } from '@entangle/crypto'
import {
  type AccountId,
  isManager,
  type ManagedGroup,
  type MessageId,
  parseGroupData,
  readId,
  roleOf,
} from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import type { AccountContext } from '../account/context.ts'
import { utf8Bytes } from '../bytes.ts'
import {
  type ChatRecord,
  directChatId,
  type GroupChat,
  groupChatId,
  newGroupChat,
} from '../chats/chat-record.ts'
import type { Trust } from '../conversations/draft.ts'
import { stageRow } from '../conversations/rejoining.ts'
import {
  acceptWelcome,
  inspectLeaves,
  type WaitingWelcome,
  WelcomeRefused,
} from '../conversations/welcome.ts'
import { memberOf } from '../identity/leaf-check.ts'
import type { Transaction } from '../store/ledger.ts'
import { storeLinkSecrets } from './entering-group.ts'
import { EMPTY_STATE, heldBy, newGroup, rolesOf } from './group-record.ts'
import { accountsOf, CHECKED_AT_ONCE } from './membership.ts'
import { openSnapshot, presentSnapshotKey } from './snapshot.ts'
import type { HeldState } from './state.ts'

/** Only a manager takes others in; the devices of an account take each other in. */
function assertAdder(data: ManagedGroup, members: ReadonlySet<AccountId>, adder: AccountId, self: AccountId) {
  if (adder === self || isManager(roleOf(data, members, adder))) return
  throw new WelcomeRefused('added by somebody who may not')
}

/** Of a large group only who adds, and this account, are checked before it is entered. */
function splitMembers({ self }: AccountContext, members: ReadonlySet<AccountId>, adder: AccountId) {
  if (members.size <= CHECKED_AT_ONCE) return { now: members, later: [] }
  const now = new Set([self.accountId, adder])
  return { now, later: [...members].filter(accountId => !now.has(accountId)) }
}

/** Taken in by somebody whom this person talks to: no stranger. */
function standingOf({ chats, self }: AccountContext, adder: AccountId): ChatRecord['standing'] {
  if (adder === self.accountId) return 'accepted'
  const direct = chats.get(directChatId(adder))
  return direct?.standing === 'accepted' && !direct.blocked ? 'accepted' : 'request'
}

function readSnapshot(
  context: AccountContext,
  { mls }: Transaction,
  { conversationId, epoch, snapshot }: WaitingWelcome,
): HeldState | undefined {
  const place = { for: 'joiner', conversationId, epoch } as const
  const held = snapshot && openSnapshot(presentSnapshotKey(mls, conversationId), place, snapshot)
  if (held === undefined) context.diagnostics.note('RECORD_CONTRADICTED', 'OTHER_SNAPSHOT')
  return held
}

/** The same on all devices that come in by one commit, which they do not see. */
const entryId = ({ conversationId, joinedSeq }: WaitingWelcome): MessageId =>
  readId(sha256(utf8Bytes(`entangle entry ${conversationId} ${String(joinedSeq)}`)))

/** Part of a transaction: follows a Welcome into a group. */
export async function stageJoinedGroup(
  context: AccountContext,
  transaction: Transaction,
  staged: StagedWelcome,
  waiting: WaitingWelcome,
  trust: Trust,
): Promise<void> {
  const { archive, chats, clock, self } = context
  const { conversationId, joinedSeq } = waiting
  const data = staged.groupData === null ? undefined : parseGroupData(staged.groupData)
  if (data?.kind !== 'group') throw new WelcomeRefused('not a group')
  const members = accountsOf(staged.members)
  const adder = memberOf(staged.sender).accountId
  assertAdder(data, members, adder, self.accountId)
  const { now, later } = splitMembers(context, members, adder)
  const leaves = staged.members.filter(leaf => now.has(memberOf(leaf).accountId))
  const strangers = inspectLeaves(context, leaves, trust)
  const conversation = acceptWelcome(context, transaction, waiting, strangers, staged.members.length)
  const known = chats.get(groupChatId(conversationId))
  const before = known?.kind === 'group' ? known : undefined
  const told = readSnapshot(context, transaction, waiting)
  const held = told ?? (before && heldBy(before.group))
  const group = {
    ...newGroup(held?.state ?? EMPTY_STATE, adder === self.accountId ? null : adder),
    ...(held === undefined ? {} : { stateAt: held.at }),
    data: rolesOf(data),
    members: [...members],
    unchecked: later,
    revision: (before?.group.revision ?? 0) + 1,
  }
  storeLinkSecrets(transaction.mls, group.state)
  const standing = standingOf(context, adder)
  const base: GroupChat = before ?? newGroupChat(conversationId, group, standing, clock.now())
  // Taken in by an own device: the account was in before, and has read what came before this place.
  if (adder === self.accountId) {
    archive.expect(transaction, { ...base, conversation: { phase: 'awaited', conversationId } }, joinedSeq)
  }
  const chat: GroupChat = {
    ...base,
    group,
    standing,
    hidden: false,
    warning: null,
    suspect: null,
    // Whoever adds somebody tells them the state of the group with it.
    doubt: told === undefined ? 'record-contradicted' : (base.doubt ?? null),
    conversation,
  }
  chats.stage(
    transaction,
    adder === self.accountId
      ? chat
      : await stageRow(context, transaction, chat, {
          seq: joinedSeq,
          id: entryId(waiting),
          from: adder,
          own: false,
          time: clock.now(),
          content: { kind: 'notice', notice: { kind: 'added', people: [self.accountId] } },
        }),
  )
}
