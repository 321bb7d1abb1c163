import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import type { Topic } from '../../ports/interest-registry.ts'
import type { ChatEvent } from '../chat-event.ts'

/** Who is in a conversation, in one of its epochs. */
export type Scope = { readonly epoch: number; readonly members: Iterable<DeviceId> }
export type Scopes = ReadonlyMap<ConversationId, Scope>

export const deviceTopic = (deviceId: DeviceId): Topic => `d:${deviceId}`
export const accountTopic = (accountId: AccountId): Topic => `a:${accountId}`
/** Whoever comes in does so with a new epoch: under its name nobody is missing who came in before it was gathered. */
export const conversationTopic = (conversationId: ConversationId, epoch: number): Topic =>
  `c:${conversationId}:${String(epoch)}`

export const EVERYBODY = 'everybody'

/** Whose sockets an event concerns. What is gathered is named by its conversation. */
export type Audience =
  | typeof EVERYBODY
  | { readonly conversationId?: ConversationId; readonly firm: readonly Topic[] }

/** Who came in or went out by what is published together: the epoch that it ends or begins may not know them. */
function movedBy(events: readonly ChatEvent[]): Topic[] {
  return events.flatMap(event =>
    event.kind === 'joined' || event.kind === 'left' ? event.deviceIds.map(deviceTopic) : [],
  )
}

function audienceOf(event: ChatEvent, moved: readonly Topic[]): Audience {
  switch (event.kind) {
    case 'deliver':
    case 'forward':
      return { conversationId: event.conversationId, firm: moved }
    case 'joined':
    case 'left':
    case 'letter':
      return { firm: event.deviceIds.map(deviceTopic) }
    case 'welcome':
    case 'device-revoked':
      return { firm: [deviceTopic(event.deviceId)] }
    case 'announced':
      return { firm: event.accountIds.map(accountTopic) }
    case 'state':
      return { firm: [accountTopic(event.accountId)] }
    case 'gone':
      return { firm: [accountTopic(event.accountId), ...event.tell.map(deviceTopic)] }
    case 'sessions-ended':
      return EVERYBODY
  }
}

/** The audience of each of the events, which were published together. */
export function audiencesOf(events: readonly ChatEvent[]): Audience[] {
  const moved = movedBy(events)
  return events.map(event => audienceOf(event, moved))
}
