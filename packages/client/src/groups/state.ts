import {
  type GroupChangeEvent,
  type GroupState,
  type InviteEvent,
  type InviteId,
  isManager,
  LIMITS,
  type ManagedGroup,
  type Role,
} from '@entangle/protocol'
import type { Notice } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'

/** What a `group-change` may change. */
export type GroupChange = Pick<GroupChangeEvent, 'name' | 'topic' | 'picture'>
export type GroupInviteSecret = Pick<InviteEvent, 'inviteId' | 'secret'>

export type StateContent =
  | ({ readonly kind: 'group-change' } & GroupChange)
  | ({ readonly kind: 'invite' } & GroupInviteSecret)

/** For each part of the state the place in the log since which it is so. */
export type StatePlaces = { readonly name: number; readonly topic: number; readonly picture: number }

/** The state as one device has it. A later place wins, so that all devices come to the same. */
export type HeldState = { readonly state: GroupState; readonly at: StatePlaces }

export const placesAt = (seq: number): StatePlaces => ({ name: seq, topic: seq, picture: seq })
/** Of a device that has come in without the state: whatever any other has is newer. */
export const NO_PLACES: StatePlaces = placesAt(-1)

/** The outcome of an event in the log: the state after it and what the timeline tells of it. */
export type StateStep = HeldState & {
  /** Of the link that members have to know to follow who comes in by it. */
  readonly secret: GroupInviteSecret | null
  readonly notice: Notice | null
}

const isSamePicture = (one: GroupState['picture'], other: GroupState['picture']): boolean =>
  one === null || other === null ? one === other : equalBytes(one, other)

type News = { readonly name?: string; readonly topic?: string; readonly picture?: GroupState['picture'] }

/** Of a change, what differs from the state. */
export function changeAgainst(state: GroupState, change: GroupChange): News {
  const { name, topic, picture } = change
  return {
    ...(name === undefined || name === state.name ? {} : { name }),
    ...(topic === undefined || topic === state.topic ? {} : { topic }),
    ...(picture === undefined || isSamePicture(picture, state.picture) ? {} : { picture }),
  }
}

/** A change names one thing, as a rule; where it names more, the first tells enough. */
function noticeOf({ name, topic, picture }: News): Notice | null {
  if (name !== undefined) return { kind: 'renamed', name }
  if (topic !== undefined) return { kind: 'topic-changed', topic }
  if (picture !== undefined) return { kind: 'picture-changed', removed: picture === null }
  return null
}

/** Room for one more: a link that was never opened gives way. Undefined when all are open. */
function withInvite(
  state: GroupState,
  { inviteId, secret }: GroupInviteSecret,
  open: ReadonlySet<InviteId>,
): GroupState | undefined {
  const others = state.invites.filter(invite => invite.inviteId !== inviteId)
  const spare =
    others.length < LIMITS.groupInvites ? -1 : others.findIndex(invite => !open.has(invite.inviteId))
  if (others.length >= LIMITS.groupInvites && spare === -1) return undefined
  return { ...state, invites: [...others.filter((_, index) => index !== spare), { inviteId, secret }] }
}

function applyInvite(
  held: HeldState,
  { inviteId, secret }: GroupInviteSecret,
  open: ReadonlySet<InviteId>,
): StateStep | undefined {
  // The first secret of a link stays: members have entered epochs with it.
  if (held.state.invites.some(invite => invite.inviteId === inviteId)) return undefined
  const state = withInvite(held.state, { inviteId, secret }, open)
  return state && { state, at: held.at, secret: { inviteId, secret }, notice: null }
}

const PARTS = ['name', 'topic', 'picture'] as const

/** What another device has told of a later place stays, and the timeline tells of the earlier one all the same. */
function applyChange({ state, at }: HeldState, change: GroupChange, seq: number): StateStep | undefined {
  const changed = changeAgainst(state, change)
  const isOlder = (part: keyof StatePlaces) => seq <= at[part]
  const next = pick(changed, part => !isOlder(part))
  const told = { ...pick(change, isOlder), ...next }
  const notice = noticeOf(told)
  if (notice === null) return undefined
  const places = Object.fromEntries(PARTS.filter(part => part in next).map(part => [part, seq]))
  return { state: { ...state, ...next }, at: { ...at, ...places }, secret: null, notice }
}

/** Of a change, the parts that it names and that `wanted` takes. */
function pick({ name, topic, picture }: GroupChange, wanted: (part: keyof StatePlaces) => boolean): News {
  return {
    ...(name === undefined || !wanted('name') ? {} : { name }),
    ...(topic === undefined || !wanted('topic') ? {} : { topic }),
    ...(picture === undefined || !wanted('picture') ? {} : { picture }),
  }
}

/**
 * What an event makes of the state, given the sender's role at its place of the log: the same on every device.
 * Undefined when it changes nothing, as everything of who manages nothing.
 */
export function applyToState(
  held: HeldState,
  content: StateContent,
  event: { readonly seq: number; readonly role: Role; readonly open: ReadonlySet<InviteId> },
): StateStep | undefined {
  if (!isManager(event.role)) return undefined
  return content.kind === 'invite'
    ? applyInvite(held, content, event.open)
    : applyChange(held, content, event.seq)
}

/** Of two devices of an account, what is newer in either. `known`: which secrets to take from the other. */
export function mergeStates(
  one: HeldState,
  other: HeldState,
  known: (invite: GroupInviteSecret) => boolean,
): HeldState {
  const later = (part: keyof StatePlaces) => other.at[part] > one.at[part]
  const missing = other.state.invites.filter(
    invite => known(invite) && !one.state.invites.some(({ inviteId }) => inviteId === invite.inviteId),
  )
  const places = PARTS.filter(later)
  if (places.length === 0 && missing.length === 0) return one
  return {
    state: {
      ...one.state,
      ...pick(other.state, later),
      invites: [...one.state.invites, ...missing].slice(-LIMITS.groupInvites),
    },
    at: { ...one.at, ...Object.fromEntries(places.map(part => [part, other.at[part]])) },
  }
}

/** The parts that have changed since a place of the log. */
export const statePartsSince = ({ state, at }: HeldState, seq: number): News =>
  pick(state, part => at[part] > Math.max(0, seq))

/** What somebody who has `known` needs to be told to have `present`: one event each. */
export function stateDifference(known: GroupState, present: GroupState): StateContent[] {
  const change = changeAgainst(known, present)
  const invites = present.invites.filter(
    ({ inviteId }) => !known.invites.some(invite => invite.inviteId === inviteId),
  )
  return [
    ...(Object.keys(change).length === 0 ? [] : [{ kind: 'group-change' as const, ...change }]),
    ...invites.map(invite => ({ kind: 'invite' as const, ...invite })),
  ]
}

/** Of what was once told, what is still so. */
export function stillSo(state: GroupState, content: StateContent): StateContent[] {
  if (content.kind === 'invite') {
    return state.invites.some(({ inviteId }) => inviteId === content.inviteId) ? [content] : []
  }
  const changed = changeAgainst(state, content)
  const same = pick(content, part => !(part in changed))
  return Object.keys(same).length === 0 ? [] : [{ kind: 'group-change', ...same }]
}

/** A commit has closed links: their secrets end, here and in the key store of the group. */
export function closeInvites(
  state: GroupState,
  before: Pick<ManagedGroup, 'invites'>,
  after: Pick<ManagedGroup, 'invites'>,
): { readonly state: GroupState; readonly closed: readonly InviteId[] } {
  const closed = [...before.invites].filter(inviteId => !after.invites.has(inviteId))
  if (closed.length === 0) return { state, closed }
  const invites = state.invites.filter(({ inviteId }) => !closed.includes(inviteId))
  return { state: { ...state, invites }, closed }
}

/**
 * What the holder of one link may read before they come in. Another link's secret would let them in after theirs
 * was revoked.
 */
export const stateForInvite = (state: GroupState, inviteId: InviteId): GroupState => ({
  ...state,
  invites: state.invites.filter(invite => invite.inviteId === inviteId),
})

/** Before the first event: what a founder begins with. */
export const newGroupState = (name: string): GroupState => ({
  v: 1,
  name,
  topic: '',
  picture: null,
  invites: [],
})
