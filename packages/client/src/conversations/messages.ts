import { type ApplicationMessage, CryptoError, type MessageFailure, unpad } from '@entangle/crypto'
import { type AccountId, idToBytes, type KnownEvent, type LogEvent, parseContent } from '@entangle/protocol'
import { equalBytes } from '../bytes.ts'
import { applyStateEvent } from '../groups/state-events.ts'
import { vouch } from '../groups/vouching.ts'
import { hasLeft } from '../identity/earlier-devices.ts'
import { memberOf } from '../identity/leaf-check.ts'
import type { MessageContent, MessageRecord } from '../timeline/message-record.ts'
import { type Contradiction, doubtIn } from './doubt.ts'
import { type Draft, isKnown, keep, keepOnce, type Place, type Room } from './draft.ts'
import { agreesWith } from './transcript.ts'

/** Nothing to be seen of these: a repetition, or a message of ours under another name. An honest log has neither. */
const SILENT: ReadonlyMap<string, Contradiction> = new Map([
  ['CRYPTO_REPLAY', 'REPLAYED'],
  ['CRYPTO_OWN_MESSAGE', 'OTHER_SENDER'],
])

type Opened = { readonly event: KnownEvent } | { readonly raw: Uint8Array }

const isUnderItsId = ({ messageId }: LogEvent, { authenticatedData }: ApplicationMessage): boolean =>
  equalBytes(authenticatedData, idToBytes(messageId))

/** The id is bound by the encryption: a server that moves a ciphertext under another id gains nothing. */
function open(event: LogEvent, opened: ApplicationMessage): Opened {
  const { messageId } = event
  const { plaintext } = opened
  if (!isUnderItsId(event, opened)) return { raw: plaintext }
  try {
    const content = parseContent(unpad(plaintext))
    if (content?.known && content.event.id === messageId) return { event: content.event }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
  }
  return { raw: plaintext }
}

const isStateChange = (opened: Opened): boolean => 'event' in opened && opened.event.kind !== 'text'

/** Its device left the account before it was known here: not shown as the account's word, and not lost. */
const unvouched = (
  { epoch }: LogEvent,
  { plaintext }: ApplicationMessage,
  since: number,
): MessageContent => ({
  kind: 'pending',
  since,
  code: 'IDENTITY_DEVICE_NOT_LISTED',
  epoch,
  raw: plaintext,
})

/** Whoever wrote from another device of this account has accepted the conversation. */
async function keepContent(
  room: Room,
  draft: Draft,
  place: Place,
  from: AccountId,
  content: MessageContent,
): Promise<void> {
  const isOwn = from === room.context.self.accountId
  if (!isOwn && draft.chat.blocked) return
  await keepOnce(room, draft, place, from, content)
  if (isOwn) draft.chat = { ...draft.chat, standing: 'accepted' }
}

async function applyOpened(
  room: Room,
  draft: Draft,
  place: Place,
  from: AccountId,
  opened: Opened,
): Promise<void> {
  if ('raw' in opened) await keepContent(room, draft, place, from, { kind: 'unsupported', raw: opened.raw })
  else if (opened.event.kind === 'text') {
    await keepContent(room, draft, place, from, { kind: 'text', text: opened.event.text })
  } else await applyStateEvent(room, draft, place, from, opened.event)
}

/** Of an epoch before, by a device that has no leaf any more: with an honest server it was refused. */
function isFromBefore(
  { mls }: Pick<Room, 'mls'>,
  { conversation }: Pick<Draft, 'conversation'>,
  { epoch, sender }: ApplicationMessage,
): boolean {
  const { conversationId, keys } = conversation
  if (Number(epoch) >= (keys[0]?.epoch ?? 0)) return false
  const { deviceId } = memberOf(sender)
  return !mls.groupMembers(idToBytes(conversationId)).some(leaf => memberOf(leaf).deviceId === deviceId)
}

/** What is said of the message beside what it says itself. */
function doubtMessage(room: Room, draft: Draft, event: LogEvent, message: ApplicationMessage): void {
  const content = open(event, message)
  const seen = 'event' in content ? (content.event.seen ?? []) : []
  if (!isUnderItsId(event, message)) doubtIn(room, draft, 'OTHER_ID')
  if (memberOf(message.sender).deviceId !== event.senderDevice) doubtIn(room, draft, 'OTHER_SENDER')
  if (!agreesWith(draft.conversation.transcript, event.seq, seen)) doubtIn(room, draft, 'OTHER_TRANSCRIPT')
}

export async function applyMessage(
  room: Room,
  draft: Draft,
  event: LogEvent,
  opened: ApplicationMessage,
): Promise<void> {
  const { accountId, deviceId } = memberOf(opened.sender)
  if (isFromBefore(room, draft, opened)) return doubtIn(room, draft, 'REMOVED_SENDER')
  doubtMessage(room, draft, event, opened)
  vouch(draft, accountId)
  const content = open(event, opened)
  const isStranger = draft.conversation.strangers.includes(deviceId)
  // Others may have followed the change before they knew that the device has left, and a group has one state.
  const isShared = isStateChange(content) && hasLeft(room.context.contacts, opened.sender)
  if (isStranger && !isShared) {
    draft.missed.push(event.seq)
    await keepContent(room, draft, event, accountId, unvouched(event, opened, room.context.clock.now()))
  } else await applyOpened(room, draft, event, accountId, content)
}

function contentOf(opened: Opened): MessageContent | undefined {
  if ('raw' in opened) return { kind: 'unsupported', raw: opened.raw }
  return opened.event.kind === 'text' ? { kind: 'text', text: opened.event.text } : undefined
}

/** What was said, where it opens only now; undefined where there is nothing to show. */
export function readMessage(
  room: Pick<Room, 'context' | 'mls'>,
  draft: Pick<Draft, 'chat' | 'conversation'>,
  event: LogEvent,
  opened: ApplicationMessage,
): MessageRecord | undefined {
  const { accountId: from, deviceId } = memberOf(opened.sender)
  const own = from === room.context.self.accountId
  if (isFromBefore(room, draft, opened) || draft.conversation.strangers.includes(deviceId)) return undefined
  if (draft.chat.blocked && !own) return undefined
  const content = contentOf(open(event, opened))
  if (content === undefined) return undefined
  return { seq: event.seq, id: event.messageId, from, own, time: event.serverTime, content }
}

/** The server's word, which nothing but the place of a waiting message depends on. */
function senderOf({ mls }: Room, { chat, conversation }: Draft, event: LogEvent): AccountId | undefined {
  if (chat.kind === 'direct') return chat.peer.accountId
  const members = mls.groupMembers(idToBytes(conversation.conversationId)).map(memberOf)
  return members.find(({ deviceId }) => deviceId === event.senderDevice)?.accountId
}

/** A message that does not open is kept in its place. */
export async function applyFailure(
  room: Room,
  draft: Draft,
  event: LogEvent,
  failure: MessageFailure,
): Promise<void> {
  const contradiction = SILENT.get(failure.code)
  if (contradiction !== undefined) return doubtIn(room, draft, contradiction)
  room.context.diagnostics.note('EVENT_UNREADABLE', failure.code)
  const from = senderOf(room, draft, event)
  if (from === undefined) return
  draft.missed.push(event.seq)
  draft.unopened.push(event.seq)
  await keepContent(room, draft, event, from, {
    kind: 'pending',
    since: room.context.clock.now(),
    code: failure.code,
    epoch: event.epoch,
    raw: event.body,
  })
}

/** An own message has its place in the log. */
export async function settleOwn(room: Room, draft: Draft, place: Place): Promise<void> {
  const { context } = room
  const entry = context.outbox.find(draft.chat.id, place.messageId)
  if (entry === undefined || draft.settled.includes(entry)) {
    // It was settled before and the server repeats itself, or says that it is ours and it is not.
    const id = { from: context.self.accountId, id: place.messageId }
    const isAgain = entry !== undefined || (await isKnown(room, draft, id))
    return doubtIn(room, draft, isAgain ? 'REPLAYED' : 'UNKNOWN_OWN')
  }
  draft.settled.push(entry)
  const { content } = entry
  const from = context.self.accountId
  if (content.kind !== 'text') await applyStateEvent(room, draft, place, from, content)
  else keep(draft, { id: entry.messageId, from, own: true, seq: place.seq, time: place.serverTime, content })
}
