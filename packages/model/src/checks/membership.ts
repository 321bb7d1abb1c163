import { parseCredential } from '@entangle/crypto'
import { idToBytes, readId } from '@entangle/protocol'
import { openStoredState } from '../devices/stored-state.ts'
import type { Play } from '../play/play.ts'
import { type Present, presentIn } from './presence.ts'
import { accountsIn, type Truth } from './truth.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

type Found = { readonly authenticator: string } | { readonly breach: string }

function inspect(play: Play, truth: Truth, { actor }: Present, expected: string): Found {
  const { conversationId, epoch } = truth
  const groupId = idToBytes(conversationId)
  const state = openStoredState(play.world.crypto, actor.body, actor.person.accountId, conversationId)
  try {
    const status = state.groupStatus(groupId)
    if (status === null) return { breach: 'is not in the group' }
    if (Number(status.epoch) !== epoch) {
      return { breach: `is in epoch ${String(status.epoch)} instead of ${String(epoch)}` }
    }
    const members = state
      .groupMembers(groupId)
      .map(leaf => readId(parseCredential(leaf.credential).deviceId))
      .sort()
      .join(' ')
    if (members !== expected) return { breach: 'has other members in its group than are there' }
    return { authenticator: hex(status.epochAuthenticator) }
  } finally {
    state.close()
  }
}

/** One epoch, one authenticator, and the members are the devices of the accounts that are in. */
export function checkMembership(play: Play, truth: Truth): string[] {
  const accounts = accountsIn(truth)
  const inside = presentIn(play).filter(({ actor }) => accounts.has(actor.person.accountId))
  const expected = inside
    .map(({ deviceId }) => deviceId)
    .sort()
    .join(' ')
  const namesOf = new Map<string, string[]>()
  for (const present of inside) {
    const found = inspect(play, truth, present, expected)
    const { name } = present.actor
    // Enough to know that it is not over yet.
    if ('breach' in found) return [`${name} ${found.breach} (${truth.kind} ${truth.conversationId})`]
    namesOf.set(found.authenticator, [...(namesOf.get(found.authenticator) ?? []), name])
  }
  if (namesOf.size <= 1) return []
  const sides = [...namesOf.values()].map(names => names.join(' ')).join(' | ')
  return [`epoch ${String(truth.epoch)} is split: ${sides}`]
}

/** Whoever is out has no word any more, and what was on its way has come too late. */
const latecomers = ({ log, members }: Truth): string[] =>
  log
    .filter(({ kind, seq, sender }) => kind === 'message' && seq > (members.get(sender)?.leftSeq ?? seq))
    .map(({ seq }) => `the log has a message at ${String(seq)} of a device that was out`)

export function checkLog(truth: Truth): string[] {
  const { log } = truth
  const breaches = log.flatMap(({ seq }, index) =>
    seq === index + 1 ? [] : [`the log has a hole at ${String(index + 1)}`],
  )
  const ids = log.map(event => `${event.sender} ${event.messageId}`)
  if (new Set(ids).size < ids.length) breaches.push('the log has a message twice')
  return [...breaches, ...latecomers(truth)].slice(0, 3)
}
