import { join } from 'node:path'
import { createSealer } from '@entangle/crypto'
import type { ConversationId } from '@entangle/protocol'
import type { ServerAddress } from '@entangle/testkit/harness'
import { type HostileServer, openHostileServer, type Scene, type Thief } from '@entangle/testkit/hostile'
import { expect } from 'vitest'
import { createFileKeyVault } from '../../src/adapters/node/file-key-vault.ts'
import { loadNodeCrypto, openSqliteKeyValueStore } from '../../src/adapters/node/index.ts'
import type { ChatId, ChatSummary } from '../../src/api/engine-api.ts'
import { prefixRange } from '../../src/ports/key-value-store.ts'
import type { AccountRecord } from '../../src/session/device-context.ts'
import { accountKeys, accountPrefix, deviceKeys } from '../../src/store/keys.ts'
import { createSealedStore } from '../../src/store/sealed-store.ts'
import { openPerson, PASSWORD, type Person, until } from './person.ts'

/** Asks for the heads all the time, so that what the network lost is missed soon. */
export const HASTY = { receiptDelay: 30, selfUpdate: { min: 20, max: 60 }, headCheck: { min: 150, max: 250 } }

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

export async function identityOf(person: Person) {
  const state = await until(person.client, 'session', session => session.phase === 'signed-in')
  if (state.phase !== 'signed-in') throw new Error('nobody is signed in')
  const { accountId } = state.account
  return { accountId, handle: person.handle, deviceId: state.deviceId }
}

/** All that lies in the folder of a device whose engine was closed, in somebody's hands. */
export async function stealDevice(dataDir: string): Promise<Thief> {
  const store = openSqliteKeyValueStore(join(dataDir, 'store.sqlite'))
  const sealer = createSealer(await createFileKeyVault(join(dataDir, 'store.key')).storeKey())
  const fence = await store.acquireFence()
  const root = createSealedStore(store, sealer, '', fence)
  const [account] = await root.scanRecords(deviceKeys.accounts, value => value as AccountRecord)
  if (account === undefined) throw new Error('no account on this device')
  const records = createSealedStore(store, sealer, accountPrefix(account.account.accountId), fence)
  const entries = await records.scan(prefixRange(accountKeys.mlsPrefix))
  await store.close()
  const crypto = await loadNodeCrypto()
  const mls = entries.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value }))
  const { deviceId, signatureKey, credential } = account
  return {
    accountId: account.account.accountId,
    deviceId,
    signatureKey,
    credential,
    state: crypto.openDeviceState(mls),
    fresh: crypto.openDeviceState(mls.filter(({ key }) => key.startsWith('s/'))),
  }
}

export type Stage = Scene & {
  readonly people: { readonly victim: Person; readonly peer: Person }
  readonly toPeer: ChatId
  readonly toVictim: () => ChatId
  readonly ofVictim: () => Promise<ChatSummary | undefined>
  readonly leave: () => Promise<void>
}

/** Two people, one of whom has a server that lies. */
export async function setStage(server: ServerAddress, has: 'talked' | 'known' | 'met'): Promise<Stage> {
  const double: HostileServer = await openHostileServer(server.url)
  const all: Person[] = []
  const open = async (serverUrl: string, handle: string) => {
    const person = await openPerson({ serverUrl, handle, timing: HASTY })
    all.push(person)
    return person
  }
  const signUp = async (serverUrl: string, name: string) => {
    const handle = `${name}${Math.floor(Math.random() * 1e9)}`
    const person = await open(serverUrl, handle)
    await person.client.request('signUp', { handle, displayName: name, password: PASSWORD })
    await person.online()
    return person
  }
  const [victim, peer] = await Promise.all([signUp(double.url, 'victim'), signUp(server.url, 'peer')])
  const devices: Person[] = []
  const toPeer = await victim.chatWith(peer)
  let toVictim = toPeer
  const peerId = await identityOf(peer)

  if (has === 'talked') {
    await victim.say(toPeer, 'hello')
    toVictim = (await peer.untilChat(victim.handle, chat => chat.last?.text === 'hello')).id
    await peer.say(toVictim, 'hello back')
    await victim.untilChat(peer.handle, chat => chat.last?.text === 'hello back')
    // Self-updates and receipts come to rest.
    await pause(600)
  } else if (has === 'known') await victim.client.request('readSafetyNumber', { accountId: peerId.accountId })

  const ofVictim = () => victim.summary(peer.handle)
  const conversationId = () => [...double.heads.keys()][0] ?? ('0'.repeat(32) as ConversationId)
  const accepted = (person: Person, other: string, text: string) =>
    person.untilChat(other, chat => chat.last?.text === text && chat.last.delivery !== 'queued')

  return {
    crypto: await loadNodeCrypto(),
    double,
    conversationId: conversationId(),
    victim: await identityOf(victim),
    peer: peerId,
    people: { victim, peer },
    toPeer,
    toVictim: () => toVictim,
    ofVictim,
    peerSays: async text => {
      await peer.say(toVictim, text)
      await accepted(peer, victim.handle, text)
    },
    victimSays: async text => {
      await victim.say(toPeer, text)
      await accepted(victim, peer.handle, text)
    },
    peerAddsDevice: async () => {
      const device = await open(server.url, peer.handle)
      await device.client.request('signIn', { handle: peer.handle, password: PASSWORD })
      const { id } = await device.untilChat(victim.handle, () => true)
      devices.push(device)
      await device.say(id, 'from another device')
      await device.untilChat(victim.handle, chat => chat.last?.delivery === 'sent' || chat.last?.own === true)
    },
    peerLosesDevice: async () => {
      const device = devices.pop()
      if (device === undefined) throw new Error('no other device')
      await victim.untilChat(peer.handle, chat => chat.last?.text === 'from another device')
      const { deviceId } = await identityOf(device)
      await device.client.close()
      const thief = await stealDevice(device.dataDir)
      await peer.client.request('removeDevice', { deviceId, password: PASSWORD })
      await expect
        .poll(
          async () => (await double.ask('readIdentity', { accountId: peerId.accountId })).certificates.length,
          { timeout: 10_000 },
        )
        .toBe(1)
      await peer.say(toVictim, 'it is out')
      await victim.untilChat(peer.handle, chat => chat.last?.text === 'it is out')
      await pause(600)
      return thief
    },
    victimAddsDevice: async () => {
      const device = await open(double.url, victim.handle)
      await device.client.request('signIn', { handle: victim.handle, password: PASSWORD })
    },
    leave: async () => {
      for (const person of all) await person.leave().catch(() => undefined)
      await double.close()
    },
  }
}
