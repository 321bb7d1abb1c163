import type { TimelineRow } from '@entangle/client'
import { parseCredential } from '@entangle/crypto'
import { type DeviceId, idToBytes, readId } from '@entangle/protocol'
import { type Actor, deviceIdOf, directChat, isIn } from '../devices/actor.ts'
import { openStoredState } from '../devices/stored-state.ts'
import type { Play } from '../play/play.ts'
import { calm } from '../play/quiescence.ts'
import { findThefts } from './thief-check.ts'
import { readTruths, type Truth } from './truth.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Whoever should be in is in, online, and not warned of anybody. */
function checkPresence(play: Play): string[] {
  return play.cast.actors.flatMap(actor => {
    const session = actor.life?.session()
    if (session?.phase === 'signed-in') {
      const connection = actor.life?.connection()?.phase
      return connection === 'online' ? [] : [`${actor.name} is ${String(connection)}`]
    }
    const wasRemoved = actor.stolen !== undefined
    return wasRemoved ? [] : [`${actor.name} is not signed in: ${JSON.stringify(session)}`]
  })
}

type Seen = { readonly actor: Actor; readonly deviceId: DeviceId }

const present = (play: Play): Seen[] =>
  play.cast.actors.flatMap(actor => {
    const deviceId = deviceIdOf(actor)
    return deviceId === undefined ? [] : [{ actor, deviceId }]
  })

/** One epoch, one authenticator, and the members are the devices that are signed in. */
function checkGroup(play: Play, { conversationId, epoch }: Truth): string[] {
  const seen = present(play)
  const expected = seen
    .map(({ deviceId }) => deviceId)
    .sort()
    .join(' ')
  const authenticators = new Map<string, string[]>()
  const breaches: string[] = []
  for (const { actor } of seen) {
    const state = openStoredState(play.world.crypto, actor.body, actor.person.accountId, conversationId)
    try {
      const groupId = idToBytes(conversationId)
      const status = state.groupStatus(groupId)
      if (status === null) {
        breaches.push(`${actor.name} is not in the group`)
        continue
      }
      if (Number(status.epoch) !== epoch) {
        breaches.push(`${actor.name} is in epoch ${String(status.epoch)} instead of ${String(epoch)}`)
        continue
      }
      const members = state
        .groupMembers(groupId)
        .map(leaf => readId(parseCredential(leaf.credential).deviceId))
        .sort()
        .join(' ')
      if (members !== expected)
        breaches.push(`${actor.name} has other members in its group than are signed in`)
      const authenticator = hex(status.epochAuthenticator)
      authenticators.set(authenticator, [...(authenticators.get(authenticator) ?? []), actor.name])
    } finally {
      state.close()
    }
  }
  if (authenticators.size > 1) {
    breaches.push(
      `epoch ${String(epoch)} is split: ${[...authenticators.values()].map(names => names.join(' ')).join(' | ')}`,
    )
  }
  return breaches
}

async function readTimelines(play: Play): Promise<Map<Actor, readonly TimelineRow[]>> {
  const found = new Map<Actor, readonly TimelineRow[]>()
  for (const { actor } of present(play)) {
    const { life } = actor
    const peer = play.cast.actors.find(other => other.person !== actor.person)?.person
    if (life === undefined || peer === undefined) continue
    const chatId = directChat(peer)
    play.ask(
      actor,
      'look',
      async () => {
        await life.request('openTimeline', { chatId, at: 'latest' })
        for (;;) {
          const window = await life.request('extendTimeline', { chatId, direction: 'older', count: 300 })
          if (window.hasOlder) continue
          await life.request('closeTimeline', { chatId })
          return window.rows
        }
      },
      rows => found.set(actor, rows),
    )
  }
  await calm(play, () => !play.isAsking())
  return found
}

/** Every message of the log once, in its order, and nothing else. */
function checkTimeline(play: Play, truth: Truth, actor: Actor, rows: readonly TimelineRow[]): string[] {
  const texts = new Map(play.written.map(({ id, text, author }) => [id, { text, author }]))
  const breaches: string[] = []
  const tell = (what: string) => breaches.push(`${actor.name} ${what}`)
  const nameOf = (id: string) => texts.get(id)?.text ?? id
  const shown = new Map<string, TimelineRow>()
  let last = 0
  for (const row of rows) {
    if (shown.has(row.messageId)) tell(`shows ${nameOf(row.messageId)} twice`)
    shown.set(row.messageId, row)
    if (row.seq === null) {
      tell(
        `still keeps ${nameOf(row.messageId)} in its outbox: ${row.delivery ?? ''} ${row.failure?.code ?? ''}`,
      )
      continue
    }
    if (row.seq <= last) tell(`shows ${nameOf(row.messageId)} out of order`)
    last = row.seq
  }
  const placed = new Map(truth.log.filter(event => event.isMessage).map(event => [event.messageId, event]))
  for (const row of rows) {
    if (row.seq !== null && placed.get(row.messageId)?.seq !== row.seq) {
      tell(`shows ${nameOf(row.messageId)} at ${String(row.seq)}, where it is not`)
    }
  }
  const entitledFrom = entitlement(play, truth, actor)
  for (const event of placed.values()) {
    const row = shown.get(event.messageId)
    const known = texts.get(event.messageId)
    // Written before the seed began.
    const wanted = known?.text ?? 'hello'
    // What a device wrote that has left its account since is not shown as the account's word.
    const mayBeUnvouched = known !== undefined && isFormer(play, event.sender)
    if (row === undefined) {
      if (event.seq > entitledFrom && !mayBeUnvouched) tell(`does not show ${wanted} (${String(event.seq)})`)
    } else if (row.content.kind !== 'text') {
      if (!mayBeUnvouched) tell(`shows ${wanted} (${String(event.seq)}) as ${JSON.stringify(row.content)}`)
    } else if (row.content.text !== wanted) tell(`shows "${row.content.text}" for ${wanted}`)
  }
  return breaches
}

const isFormer = (play: Play, deviceId: DeviceId) => !present(play).some(each => each.deviceId === deviceId)

/** After this event everything can be read here, or was by another device of the account that is still there. */
function entitlement(play: Play, truth: Truth, actor: Actor): number {
  const joined = present(play)
    .filter(each => each.actor.person === actor.person)
    .map(({ deviceId }) => truth.members.get(deviceId)?.joinedSeq ?? Number.POSITIVE_INFINITY)
  return Math.min(...joined)
}

/** What a device has promised to send, and is still there to send, is in the log. */
function checkPromises(play: Play, truth: Truth | undefined): string[] {
  const placed = new Set(truth?.log.map(({ messageId }) => messageId))
  return play.written
    .filter(
      ({ id, isPromised, author }) =>
        isPromised && author.stolen === undefined && isIn(author) && !placed.has(id),
    )
    .map(({ text }) => `${text} was promised and is not in the log`)
}

function checkLog({ log }: Truth): string[] {
  const breaches = log.flatMap(({ seq }, index) =>
    seq === index + 1 ? [] : [`the log has a hole at ${String(index + 1)}`],
  )
  const ids = log.filter(event => event.isMessage).map(event => `${event.sender} ${event.messageId}`)
  if (new Set(ids).size < ids.length) breaches.push('the log has a message twice')
  return breaches.slice(0, 3)
}

/** What must not be noted, whatever happens on the network. */
const ALARMS = ['EVENT_UNREADABLE', 'DEVICE_ROLLED_BACK', 'IDENTITY_MISMATCH', 'WELCOME_IDENTITY_MISMATCH']

const checkNotes = (play: Play): string[] =>
  play.cast.actors.flatMap(actor =>
    actor.notes
      .filter(note => ALARMS.some(alarm => note.startsWith(alarm)))
      .map(note => `${actor.name} noted ${note}`),
  )

/** In what the devices do not agree with each other, or with what must hold; empty when all is well. */
export async function findDisagreements(play: Play): Promise<string[]> {
  const outside = checkPresence(play)
  if (outside.length > 0) return outside
  const truths = await readTruths(play.world.server)
  if (truths.length > 1) return ['two people have more than one conversation']
  const [truth] = truths
  const promises = checkPromises(play, truth)
  if (truth === undefined) return promises
  const found = [...promises, ...checkLog(truth), ...checkGroup(play, truth), ...checkNotes(play)]
  if (found.length > 0) return found
  const timelines = await readTimelines(play)
  for (const [actor, rows] of timelines) found.push(...checkTimeline(play, truth, actor, rows))
  if (timelines.size < present(play).length) found.push('somebody does not show the conversation')
  return found.length > 0 ? found : findThefts(play, truth)
}
