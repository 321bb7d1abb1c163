import { type AccountId, type InviteId, idToBytes, isManager, type KnownEvent } from '@entangle/protocol'
import { type Draft, keepOnce, type Place, type Room } from '../conversations/draft.ts'
import { isAsked } from './asking.ts'
import { heldBy, managedOf, roleIn } from './group-record.ts'
import { applyToState, isStateRequest, type StateContent, unknownOf } from './state.ts'

type StateEvent = Exclude<KnownEvent, { kind: 'text' }>

const isToldAgain = (event: StateContent | StateEvent, open: ReadonlySet<InviteId>): boolean =>
  event.kind === 'invite' ? open.has(event.inviteId) : event.since !== undefined

/** Name, topic, picture and the secrets of links, as managers change them. From others, and outside a group, it is nothing. */
export async function applyStateEvent(
  room: Room,
  draft: Draft,
  place: Place,
  from: AccountId,
  event: StateContent | StateEvent,
): Promise<void> {
  const { chat } = draft
  if (chat.kind !== 'group') return
  const { group } = chat
  const self = room.context.self.accountId
  if (isStateRequest(event)) {
    draft.isAsked ||= isAsked(group, from, self)
    return
  }
  const isOwn = from === self
  // Another device of this account has answered already.
  if (isOwn && event.kind === 'group-change' && event.since !== undefined) draft.isAsked = false
  const role = roleIn(group, from)
  const { invites: open } = managedOf(group)
  const isAgain = isToldAgain(event, open)
  const isPowerless = !isManager(role) && isAgain
  // Who manages nothing any more tells nobody: somebody else has to.
  if (isOwn && isPowerless) draft.asks = true
  const held = heldBy(group)
  // Where nobody else manages the group, whoever is to answer a question is believed in what is not known here.
  const isAnswer = isPowerless && isAsked(group, self, from)
  const step = isAnswer
    ? applyToState(held, unknownOf(held, event), { seq: place.seq, role: 'admin', open })
    : applyToState(held, event, { seq: place.seq, role, open })
  // Where those who manage are leaving, others manage soon, and then what they tell counts.
  const isLastWord = !isPowerless || (isAnswer && group.leaving.length === 0)
  const isHeard = !isOwn && isAgain && event.kind === 'group-change' && isLastWord
  const present = isHeard && group.mayBeOutdated === true ? { ...group, mayBeOutdated: false } : group
  draft.chat = { ...chat, group: present }
  if (step === undefined) return
  if (step.secret !== null) {
    room.mls.storePreSharedKey(idToBytes(step.secret.inviteId), step.secret.secret)
  }
  draft.chat = {
    ...chat,
    group: {
      ...present,
      state: step.state,
      stateAt: step.at,
      revision: group.revision + 1,
      // Who changes what a link shows writes it anew.
      staleInvites: group.staleInvites || isOwn,
    },
  }
  if (step.notice !== null) await keepOnce(room, draft, place, from, { kind: 'notice', notice: step.notice })
}
