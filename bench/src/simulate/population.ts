import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import type { SeededRandom } from '@entangle/testkit/harness'

/** What the simulation assumes of people. Change a figure here and the table changes with it. */
export const ASSUMED = {
  connectionsANode: 50_000,
  /** Of everybody who is connected. */
  messagesASecondEach: 0.01,
  /** Receipts and typing that go to the same people: one for each message. */
  hintsAMessage: 1,
  /** Conversations of somebody who connects, and how long that lasts. */
  conversationsEach: 50,
  connectedForSeconds: 3600,
} as const

/** Of two people, of a few, of dozens, of hundreds; by their share of all messages. `online`: of the members' devices. */
const KINDS = [
  { share: 0.6, least: 2, most: 5, online: 0.6 },
  { share: 0.28, least: 4, most: 18, online: 0.5 },
  { share: 0.1, least: 18, most: 90, online: 0.4 },
  { share: 0.02, least: 90, most: 1500, online: 0.3 },
] as const

export type SimConversation = {
  readonly id: ConversationId
  readonly members: readonly DeviceId[]
  readonly online: readonly DeviceId[]
}

let made = 0
function newId<Id extends string>(): Id {
  made += 1
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(made, 12)
  return bytes.toString('base64url') as Id
}

export const newAccount = (): AccountId => newId<AccountId>()

/** `at`: from 0 to 1, through all messages that are sent. */
function pickKind(at: number): (typeof KINDS)[number] {
  let passed = 0
  for (const kind of KINDS) {
    passed += kind.share
    if (at < passed) return kind
  }
  return KINDS[0]
}

/** A conversation as it is met where a message is sent. Sizes count devices, and small ones are more frequent. */
export function pickConversation(random: SeededRandom): SimConversation {
  const kind = pickKind(random.next())
  const size = Math.round(kind.least * (kind.most / kind.least) ** random.next())
  const members = Array.from({ length: size }, () => newId<DeviceId>())
  // Whoever writes is there.
  const online = members.filter((_, at) => at === 0 || random.next() < kind.online)
  return { id: newId<ConversationId>(), members, online }
}
