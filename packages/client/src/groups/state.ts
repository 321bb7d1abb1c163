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
  | ({ readonly kind: 'group-change' } & GroupChange & Pick<GroupChangeEvent, 'since'>)
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

/** A change that names nothing: somebody who does not know the state asks for it. */
export const STATE_REQUEST: StateContent = { kind: 'group-change' }

export const isStateRequest = (content: StateContent): boolean =>
  content.kind === 'group-change' && PARTS.every(part => content[part] === undefined)

/** Whether parts of the state are not known here, since nobody has told them. */
export const isUntold = ({ at }: Pick<HeldState, 'at'>): boolean => PARTS.some(part => at[part] < 0)

/**
 * Each part from its later place. What another device of the account has told before its event came is told in the
 * timeline all the same; what is told again to others is not, nor is what was not known here.
 */
function applyChange(
  { state, at }: HeldState,
  change: GroupChange & Pick<GroupChangeEvent, 'since'>,
  seq: number,
): StateStep | undefined {
  const place = Math.min(change.since ?? seq, seq)
  const isOlder = (part: keyof StatePlaces) => place <= at[part]
  const next = pick(changeAgainst(state, change), part => !isOlder(part))
  const isAgain = place < seq
  const notice = noticeOf(isAgain ? pick(next, part => at[part] >= 0) : { ...pick(change, isOlder), ...next })
  // Also what is so already: otherwise something between, that another device has seen, would win over it.
  const isTold = (part: keyof StatePlaces) => change[part] !== undefined && !isOlder(part)
  const told = PARTS.filter(isTold)
  if (told.length === 0 && notice === null) return undefined
  const places = Object.fromEntries(told.map(part => [part, place]))
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

/** Parts of the state for who may not have them, each with its place. */
function tellAgain({ state, at }: HeldState, wanted: (part: keyof StatePlaces) => boolean): StateContent[] {
  const places = new Set(PARTS.filter(part => wanted(part) && at[part] >= 0).map(part => at[part]))
  return [...places].map(since => {
    const parts = pick(state, part => wanted(part) && at[part] === since)
    return { kind: 'group-change', since, ...parts }
  })
}

/** The parts that have changed since a place of the log. */
export const changedSince = (held: HeldState, seq: number): StateContent[] =>
  tellAgain(held, part => held.at[part] > Math.max(0, seq))

/** For who knows nothing: all but the secrets of links. */
export const wholeState = (held: HeldState): StateContent[] => tellAgain(held, () => true)

/** Of what is told, what is not known here at all. */
export function unknownOf({ at }: Pick<HeldState, 'at'>, told: StateContent): StateContent {
  if (told.kind === 'invite') return told
  const { since } = told
  return { kind: 'group-change', since, ...pick(told, part => at[part] < 0) }
}

/** What somebody who has `known` needs to be told to have `present`. */
export function stateDifference(known: GroupState, present: HeldState): StateContent[] {
  const change = changeAgainst(known, present.state)
  const invites = present.state.invites.filter(
    ({ inviteId }) => !known.invites.some(invite => invite.inviteId === inviteId),
  )
  return [
    ...tellAgain(present, part => part in change),
    ...invites.map(invite => ({ kind: 'invite' as const, ...invite })),
  ]
}

/** What is so of the parts that were told. */
export function presentOf(held: HeldState, told: StateContent): StateContent[] {
  if (told.kind === 'group-change') return tellAgain(held, part => told[part] !== undefined)
  return held.state.invites.some(({ inviteId }) => inviteId === told.inviteId) ? [told] : []
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
export const stateForInvite = ({ state, at }: HeldState, inviteId: InviteId): HeldState => ({
  state: { ...state, invites: state.invites.filter(invite => invite.inviteId === inviteId) },
  at,
})

/** Before the first event: what a founder begins with. */
export const newGroupState = (name: string): GroupState => ({
  v: 1,
  name,
  topic: '',
  picture: null,
  invites: [],
})
