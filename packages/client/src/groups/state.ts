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

/** The outcome of an event in the log: the state after it and what the timeline tells of it. */
export type StateStep = {
  readonly state: GroupState
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

/**
 * What an event makes of the state, given the sender's role at its place of the log: the same on every device.
 * Undefined when it changes nothing, as everything of who manages nothing.
 */
export function applyToState(
  state: GroupState,
  content: StateContent,
  sender: { readonly role: Role; readonly open: ReadonlySet<InviteId> },
): StateStep | undefined {
  if (!isManager(sender.role)) return undefined
  if (content.kind === 'invite') {
    const { inviteId, secret } = content
    // The first secret of a link stays: members have entered epochs with it.
    if (state.invites.some(invite => invite.inviteId === inviteId)) return undefined
    const next = withInvite(state, content, sender.open)
    return next === undefined ? undefined : { state: next, secret: { inviteId, secret }, notice: null }
  }
  const change = changeAgainst(state, content)
  const notice = noticeOf(change)
  return notice === null ? undefined : { state: { ...state, ...change }, secret: null, notice }
}

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
