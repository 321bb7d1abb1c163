import {
  type AccountId,
  type DeviceId,
  type GroupState,
  type InviteId,
  type ManagedGroup,
  type MessageId,
  type Role,
  roleOf,
} from '@entangle/protocol'
import { type HeldState, NO_PLACES, placesAt, type StatePlaces } from './state.ts'

/** How far somebody has stored and read. */
export type Marks = { readonly delivered: number; readonly read: number }

/** Somebody who has said that they leave, as long as a leaf of theirs is in the tree. */
export type Leaver = {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly messageId: MessageId
  /** The epoch in which a commit may refer to the proposal; later it needs a Remove. */
  readonly epoch: number
  /** The SelfRemove, held outside the MLS state; null when nobody can refer to it any more. */
  readonly proposal: Uint8Array | null
}

/** What every member agrees on, as the group context of the present epoch has it. */
export type GroupRoles = {
  readonly owners: readonly AccountId[]
  readonly admins: readonly AccountId[]
  /** Links by which somebody may come in. */
  readonly invites: readonly InviteId[]
}

/** A group, besides what every chat has. It changes seldom and is stored apart, so that a message stays small. */
export type GroupRecord = {
  readonly state: GroupState
  /** Since when the state is what it is. */
  readonly stateAt: StatePlaces
  readonly data: GroupRoles
  /** Accounts with a leaf in the tree, this one included. */
  readonly members: readonly AccountId[]
  readonly leaving: readonly Leaver[]
  /**
   * This device came in by itself and may have missed who said before that they leave. The next commit of a member
   * takes them all out.
   */
  readonly mayMissLeavers: boolean
  /** Who left before this device came in, by the server's word alone. Else missing or empty. */
  readonly saidToLeave?: readonly AccountId[]
  /** Members whose leaves were not checked yet. Nothing is sent before they are. */
  readonly unchecked: readonly AccountId[]
  /** Known from before this device came back by itself: nothing is sent until one of them is heard. Else missing or empty. */
  readonly vouchers?: readonly AccountId[]
  /** Accounts that were out at some time. Missing where an earlier version has stored the group. */
  readonly departed?: readonly AccountId[]
  /** Who took this account in; null for the founder, and where it is not known. */
  readonly addedBy: AccountId | null
  /** This device came back by itself and has asked what was changed meanwhile. Nobody who is believed has said so yet. */
  readonly mayBeOutdated?: boolean
  /** Why this account is out, for good. */
  readonly end: 'left' | 'removed' | null
  /** Rises whenever members, roles or links may have changed. */
  readonly revision: number
  /** Of a new group, who is still to be taken in. Nothing is sent before. */
  readonly wanted: readonly AccountId[]
  /** What the open links show is not the present state any more: this device writes it anew. */
  readonly staleInvites: boolean
  /**
   * Open links of which the secret may be in wrong hands, because a member's account key had to be replaced: the next
   * commit of a manager closes them.
   */
  readonly spentInvites?: readonly InviteId[]
  /** Of the other members, as far as they tell. */
  readonly marks: Readonly<Record<AccountId, Marks>>
}

export const EMPTY_STATE: GroupState = { v: 1, name: '…', topic: '', picture: null, invites: [] }

export const newGroup = (state: GroupState, addedBy: AccountId | null): GroupRecord => ({
  state,
  stateAt: state === EMPTY_STATE ? NO_PLACES : placesAt(0),
  data: { owners: [], admins: [], invites: [] },
  members: [],
  leaving: [],
  mayMissLeavers: false,
  unchecked: [],
  addedBy,
  end: null,
  revision: 0,
  wanted: [],
  staleInvites: false,
  marks: {},
})

export const heldBy = ({ state, stateAt }: GroupRecord): HeldState => ({ state, at: stateAt })

export const rolesOf = ({ owners, admins, invites }: ManagedGroup): GroupRoles => ({
  owners: [...owners],
  admins: [...admins],
  invites: [...invites],
})

export const managedOf = ({ data }: Pick<GroupRecord, 'data'>): ManagedGroup => ({
  kind: 'group',
  owners: new Set(data.owners),
  admins: new Set(data.admins),
  invites: new Set(data.invites),
})

export const roleIn = (group: Pick<GroupRecord, 'data' | 'members'>, accountId: AccountId): Role =>
  roleOf(managedOf(group), new Set(group.members), accountId)
