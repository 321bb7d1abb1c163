import { type ConversationId, fromBase64Url, type InviteId, readId } from '@entangle/protocol'
import type { ServerAddress } from '@entangle/testkit/harness'
import { type GroupScene, openHostileServer } from '@entangle/testkit/hostile'
import { expect } from 'vitest'
import { loadNodeCrypto } from '../../src/adapters/node/index.ts'
import type { ChatId, GroupSummary } from '../../src/api/engine-api.ts'
import { newGroup, untilGroup } from './group.ts'
import { HASTY, identityOf, stealDevice } from './hostile-scene.ts'
import { newPerson, type Person } from './person.ts'

const never = { min: 600_000, max: 600_000 }

export type GroupStage = GroupScene & {
  readonly chatId: ChatId
  readonly people: { readonly victim: Person; readonly peer: Person; readonly turned: Person }
  readonly ofVictim: () => Promise<GroupSummary>
  readonly leave: () => Promise<void>
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** A group of four, one of whom has a server that lies. */
export async function setGroupStage(server: ServerAddress): Promise<GroupStage> {
  const double = await openHostileServer(server.url)
  const names = ['owner', 'turned', 'leaver', 'outsider'] as const
  // The victim is never the one who takes a leaver out: what it is told of that is the lie.
  const victim = await newPerson(double.url, 'victim', { ...HASTY, leaverSweep: never })
  const [peer, turned, leaver, outsider] = await Promise.all(
    names.map(name => newPerson(server.url, name, HASTY)),
  )
  if (!peer || !turned || !leaver || !outsider) throw new Error('too few')
  const all = [victim, peer, turned, leaver, outsider]
  await Promise.all(all.map(person => person.online()))
  const chatId = await newGroup(peer, 'Board', [victim, turned, leaver])
  const conversationId = chatId.slice('group-'.length) as ConversationId
  const says = async (person: Person, text: string) => {
    await person.say(chatId, text)
    await untilGroup(victim, chatId, chat => chat.last?.text === text, 40_000)
  }
  for (const person of [peer, turned, leaver, victim]) await says(person, `from ${person.handle}`)
  // Self-updates come to rest.
  await pause(1_500)

  return {
    crypto: await loadNodeCrypto(),
    double,
    conversationId,
    chatId,
    victim: await identityOf(victim),
    peer: await identityOf(peer),
    outsider: await identityOf(outsider),
    people: { victim, peer, turned },
    ofVictim: () => untilGroup(victim, chatId, () => true),
    peerSays: text => says(peer, text),
    victimSays: text => says(victim, text),
    peerAddsDevice: () => Promise.reject(new Error('not in a group')),
    peerLosesDevice: () => Promise.reject(new Error('not in a group')),
    victimAddsDevice: () => Promise.reject(new Error('not in a group')),
    memberTurns: async () => {
      await turned.client.close()
      return stealDevice(turned.dataDir)
    },
    memberLeaves: async () => {
      await leaver.client.request('leaveGroup', { chatId })
      await untilGroup(peer, chatId, chat => chat.group.memberCount === 3)
    },
    revokedLink: async () => {
      const { inviteId, link } = await peer.client.request('createInvite', { chatId })
      await peer.client.request('revokeInvite', { chatId, inviteId })
      const { lastSeq } = await double.ask('readEvents', { conversationId, after: 0 })
      await expect
        .poll(async () => double.heads.get(conversationId)?.lastSeq, { timeout: 10_000 })
        .toBe(lastSeq)
      await pause(500)
      const bytes = fromBase64Url(link.slice(link.indexOf('#') + 1)) ?? new Uint8Array()
      return { inviteId: readId<InviteId>(bytes, 1), secret: bytes.slice(17, 49) }
    },
    leave: async () => {
      for (const person of all) await person.leave().catch(() => undefined)
      await double.close()
    },
  }
}
