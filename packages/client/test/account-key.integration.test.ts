import {
  addArchiveKey,
  type Crypto,
  createArchiveKeyStatement,
  createSuccession,
  type DeviceListEntry,
  type DeviceState,
  firstDeviceListOfKey,
  nextDeviceList,
  parseDeviceList,
  verifyDeviceList,
} from '@entangle/crypto'
import {
  decodeCbor,
  encodeCbor,
  encodeDeliver,
  idToBytes,
  OPERATIONS,
  type PublicIdentity,
  readId,
} from '@entangle/protocol'
import { afterAll, expect, inject, test } from 'vitest'
import { createStateCodec } from '../src/account-state/state-codec.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import { openLetter, writeLetter } from '../src/device-letters/letter.ts'
import { prefixRange } from '../src/ports/key-value-store.ts'
import type { Transport } from '../src/ports/transport.ts'
import { accountKeys } from '../src/store/keys.ts'
import {
  codeOf,
  createHouseholds,
  type Household,
  type Place,
  poll,
  remove,
  say,
  untilKeys,
  untilLast,
  versions,
} from './support/household.ts'
import type { Mortal } from './support/mortal.ts'
import { until } from './support/person.ts'
import { openArchive, openStore, readArchiveKeys } from './support/stolen.ts'

const server = inject('server')
const households = createHouseholds(() => server)
const { addDevice, query } = households

afterAll(async () => {
  await households.end()
})

const numberOf = (engine: Mortal, accountId: string) =>
  engine.request('readSafetyNumber', { accountId: accountId as never })

const untilChanged = (engine: Mortal, accountId: string) =>
  poll(async () => (await numberOf(engine, accountId)).changedAt).toBeDefined()

const untilWarned = (engine: Mortal) =>
  until(engine, 'chats', chats => chats.some(chat => chat.warning === 'identity-changed'))

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('missing')
  return value
}

test('P30 a stolen device takes the account key with it: contacts and own devices follow to the next one', async () => {
  const home = await households.found(3)
  const { accountId, first, peer, toOwner, toPeer } = home
  const [second, lost] = [must(home.others[0]), must(home.others[1])]
  const before = await numberOf(peer.engine, accountId)
  await remove(first, lost, true)
  await until(lost.engine, 'session', state => state.phase === 'signed-out')
  await untilKeys(second, accountId, 2)
  await untilChanged(peer.engine, accountId)
  const after = await numberOf(peer.engine, accountId)
  expect(after.digits).not.toBe(before.digits)
  expect(after.basis).toBe('first-use')
  for (const { engine } of [first, second]) {
    expect((await numberOf(engine, peer.accountId)).digits).toBe(after.digits)
  }
  await say(peer.engine, toOwner, 'under the new key')
  for (const { engine } of [first, second]) await untilLast(engine, 'under the new key')
  await say(second.engine, toPeer, 'heard')
  const [chat] = await untilLast(peer.engine, 'heard')
  expect(chat?.warning).toBe(null)

  // Again, by the other device, while the contact is away; and a new device comes in under the third key.
  const third = await addDevice(home.handle)
  await peer.engine.bury()
  await remove(second, first, true)
  await untilKeys(third, accountId, 3)
  peer.engine = await households.start(peer.device)
  await say(third.engine, toPeer, 'from the new one')
  const [seen] = await untilLast(peer.engine, 'from the new one')
  expect(seen?.warning).toBe(null)
  await poll(async () => (await numberOf(peer.engine, accountId)).digits).toBe(
    (await numberOf(third.engine, peer.accountId)).digits,
  )
})

test('P37 who has compared the number is stopped by another key until it is accepted', async () => {
  const home = await households.found(2)
  const { accountId, first, peer, toOwner } = home
  const lost = must(home.others[0])
  const { digits } = await numberOf(first.engine, peer.accountId)
  const compare = (number: string) =>
    peer.engine.request('verifyContact', { accountId: accountId as never, digits: number })
  expect(await codeOf(compare(digits.replace(/^./, digit => String((Number(digit) + 1) % 10))))).toBe(
    'ENGINE_SAFETY_NUMBER_OTHER',
  )
  await compare(digits.replaceAll(/(.{5})/g, '$1 '))
  expect((await numberOf(peer.engine, accountId)).basis).toBe('verified')
  const another = await addDevice(peer.handle)
  await poll(async () => (await numberOf(another.engine, accountId)).basis).toBe('verified')

  await remove(first, lost, true)
  await untilWarned(peer.engine)
  const send = (text: string) => codeOf(say(peer.engine, toOwner, text))
  await untilWarned(another.engine)
  expect(await send('secret')).toBe('ENGINE_IDENTITY_CHANGED')
  const sent = peer.device.sent.length
  await say(first.engine, home.toPeer, 'it is me')
  await untilLast(peer.engine, 'it is me')
  expect(peer.device.sent.length).toBe(sent)
  await peer.engine.request('acceptIdentity', { accountId: accountId as never })
  expect(await numberOf(peer.engine, accountId)).toMatchObject({
    basis: 'first-use',
    digits: (await numberOf(first.engine, peer.accountId)).digits,
  })
  // What one device accepts, the other has accepted too, and both tell of the change once.
  await until(another.engine, 'chats', chats => chats.every(chat => chat.warning === null))
  for (const { engine } of [peer, another]) {
    const told = async () =>
      (await engine.request('openTimeline', { chatId: toOwner, at: 'latest' })).rows.flatMap(({ content }) =>
        content.kind === 'notice' ? [content.notice] : [],
      )
    await poll(told).toEqual([{ kind: 'identity-changed', person: accountId, signed: true }])
  }
  expect(await send('good')).toBe('passed')
  await untilLast(first.engine, 'good')
  await peer.engine.request('verifyContact', {
    accountId: accountId as never,
    digits: (await numberOf(peer.engine, accountId)).digits,
  })
  await peer.engine.request('unverifyContact', { accountId: accountId as never })
  expect((await numberOf(peer.engine, accountId)).basis).toBe('first-use')
})

/** Stands between the contact and the server, and tells what the thief wants. */
type Liar = {
  token: string | undefined
  identity: PublicIdentity | undefined
  deliver: (frame: Uint8Array) => void
}

const lying =
  (liar: Liar, accountId: () => string) =>
  (transport: Transport): Transport => ({
    ...transport,
    exchange: async request => {
      liar.token = request.accessToken ?? liar.token
      const answer = await transport.exchange(request)
      const isAsked = request.target.includes(`/identities/${accountId()}`)
      return isAsked && liar.identity !== undefined
        ? { status: 200, body: encodeCbor(liar.identity) }
        : answer
    },
    openSocket: (ticket, events) => {
      liar.deliver = events.received
      return transport.openSocket(ticket, events)
    },
  })

async function ask(liar: Liar, target: string): Promise<unknown> {
  const answer = await fetch(new URL(target, server.url), {
    headers: { accept: 'application/cbor', authorization: `Bearer ${liar.token}` },
  })
  expect(answer.status).toBe(200)
  return decodeCbor(new Uint8Array(await answer.arrayBuffer()))
}

const identityOf = async (liar: Liar, accountId: string) =>
  OPERATIONS.readIdentity.response.parse(await ask(liar, `/v1/keys/identities/${accountId}`))

/** All that lies on a device, open. */
async function openStolenState(crypto: Crypto, { device }: Place, accountId: string): Promise<DeviceState> {
  const records = await openStore(device, accountId)
  const entries = await records.scan(prefixRange(accountKeys.mlsPrefix))
  return crypto.openDeviceState(
    entries.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })),
  )
}

/** The thief's device commits itself back into the conversation, as far as a server can let it. */
async function forceEntry(crypto: Crypto, home: Household, liar: Liar, { deviceId, device }: Place) {
  const rows = await query(
    `SELECT encode(conversation_id, 'hex') AS id FROM conversation_member
     WHERE encode(account_id, 'hex') = '${home.accountId}' LIMIT 1`,
  )
  const conversationId = String(rows[0]?.['id'])
  const group = OPERATIONS.readGroupInfo.response.parse(
    await ask(liar, `/v1/chat/conversations/${conversationId}/group-info`),
  )
  const records = await openStore(device, home.accountId)
  const scratch = crypto.openDeviceState(
    (await records.scan(prefixRange(accountKeys.mls('s/')))).map(({ key, value }) => ({
      key: key.slice(accountKeys.mlsPrefix.length),
      value,
    })),
  )
  const own = (await openStolenState(crypto, { deviceId, device, engine: home.first.engine }, home.accountId))
    .groupMembers(idToBytes(conversationId))
    .find(leaf => readId(leaf.credential.subarray(17, 33)) === deviceId)
  const { credential, signatureKey } = must(own)
  const { groupInfo, ratchetTree, epoch, lastSeq } = group
  const { commit } = scratch.joinByExternalCommit({ credential, signatureKey, groupInfo, ratchetTree })
  liar.deliver(
    encodeDeliver({
      kind: 'commit',
      conversationId: conversationId as never,
      messageId: readId<never>(new Uint8Array(16).fill(5)),
      epoch,
      seq: lastSeq + 1,
      serverTime: Date.now(),
      senderDevice: deviceId as never,
      body: commit,
    }),
  )
}

test('P30 P31 P33 a thief with all that was on the device, the old account key and the server gets in nowhere', async () => {
  const crypto = await loadNodeCrypto()
  const liar: Liar = { token: undefined, identity: undefined, deliver: () => undefined }
  let owner = 'nobody'
  const home = await households.found(
    3,
    lying(liar, () => owner),
  )
  const { accountId, first, peer, toOwner, toPeer } = home
  owner = accountId
  const [second, lost] = [must(home.others[0]), must(home.others[1])]
  const oldIdentity = await identityOf(liar, accountId)
  const oldKey = crypto.accountKeyFromSeeds((await households.openVault(home)).accountSeeds)
  const oldKeys = await readArchiveKeys(lost.device, accountId)
  const stolen = await openStolenState(crypto, lost, accountId)
  await second.engine.bury()
  await remove(first, lost, true)
  await poll(() => households.waitingLetters(accountId)).toBe(1)
  await untilChanged(peer.engine, accountId)
  const newIdentity = await identityOf(liar, accountId)
  expect(newIdentity.accountKey).not.toEqual(oldIdentity.accountKey)
  expect((await households.openVault(home)).accountSeeds).not.toEqual(oldKey.seeds)

  // The letter with the new archive keys is for another device.
  const [row] = await query(
    `SELECT encode(letter, 'hex') AS letter FROM device_letter WHERE encode(account_id, 'hex') = '${accountId}'`,
  )
  const letter = Uint8Array.from(Buffer.from(String(row?.['letter']), 'hex'))
  const self = { accountId, deviceId: lost.deviceId } as never
  expect(() => openLetter(stolen, self, letter, () => undefined)).toThrow('CRYPTO_NO_MATCHING_KEY_PACKAGE')

  // A letter of the thief's own, under the old account key, to a device that is about to come back: it reads it first.
  const records = await openStore(lost.device, accountId)
  const signatureKeys = await records.scan(prefixRange(accountKeys.mls('s/')))
  const lostEntry = must(
    parseDeviceList(oldIdentity.deviceList).entries.find(entry => readId(entry.deviceId) === lost.deviceId),
  )
  const credential = Uint8Array.from([
    1,
    ...idToBytes(accountId),
    ...lostEntry.deviceId,
    ...lostEntry.certificateHash,
  ])
  const [keyPackage] = await query(
    `SELECT encode(key_package, 'hex') AS bytes FROM key_package
     WHERE encode(device_id, 'hex') = '${second.deviceId}' LIMIT 1`,
    'entangle_users',
  )
  const oldList = verifyDeviceList(crypto, oldKey.publicKey, oldIdentity.deviceList)
  const newList = verifyDeviceList(crypto, newIdentity.accountKey, newIdentity.deviceList)
  const forgedList = nextDeviceList(crypto, oldKey, oldList, { entries: oldList.entries })
  const scratch = crypto.openDeviceState(
    signatureKeys.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })),
  )
  const forged = writeLetter(
    scratch,
    { accountId, deviceId: lost.deviceId, signatureKey: lostEntry.signatureKey, credential } as never,
    Uint8Array.from(Buffer.from(String(keyPackage?.['bytes']), 'hex')),
    {
      v: 1,
      kind: 'archive-keys',
      statement: createArchiveKeyStatement(crypto, oldKey, newList, addArchiveKey(oldKeys)),
    },
  )
  await query(
    `INSERT INTO device_letter (id, account_id, device_id, letter) OVERRIDING SYSTEM VALUE
     VALUES (0, decode('${accountId}', 'hex'), decode('${second.deviceId}', 'hex'),
       decode('${Buffer.from(forged).toString('hex')}', 'hex'))`,
  )
  second.engine = await households.start(second.device)
  await poll(() => households.waitingLetters(accountId)).toBe(0)
  expect(second.device.notes.filter(note => note.startsWith('LETTER_REFUSED'))).toHaveLength(1)
  expect(await readArchiveKeys(second.device, accountId)).toEqual(
    await readArchiveKeys(first.device, accountId),
  )
  expect(await versions(second, accountId)).toEqual([1, 2])

  // What is archived and set from now on is closed to the old keys.
  await say(peer.engine, toOwner, 'not for the thief')
  await untilLast(second.engine, 'not for the thief')
  await second.engine.request('writeSetting', { name: 'theme', value: 'dark' })
  const known = await readArchiveKeys(second.device, accountId)
  await poll(async () =>
    (await openArchive(server.dataDir, accountId, known)).includes('not for the thief'),
  ).toBe(true)
  expect(await openArchive(server.dataDir, accountId, oldKeys)).toEqual(['hello', 'hello back'])
  const openNewest = async (keys: typeof known) => {
    const [entry] = await query(
      `SELECT encode(key, 'hex') AS key, stamp::text, encode(device_id, 'hex') AS device,
         encode(sealed, 'hex') AS sealed
       FROM account_state WHERE encode(account_id, 'hex') = '${accountId}' ORDER BY revision DESC LIMIT 1`,
    )
    const bytes = (name: string) => Uint8Array.from(Buffer.from(String(entry?.[name]), 'hex'))
    return createStateCodec(() => keys).open({
      key: bytes('key'),
      stamp: Number(entry?.['stamp']),
      deviceId: entry?.['device'] as never,
      sealed: bytes('sealed'),
    })
  }
  await poll(async () => (await openNewest(known))?.name).toBe('setting/theme')
  expect(await openNewest(oldKeys)).toBeUndefined()

  // Identities that the old key, or a key of its choice, vouches for: refused, even where the person would accept.
  const thief = crypto.createAccountKey()
  const entries: DeviceListEntry[] = [...oldList.entries]
  const succession = { accountId: idToBytes(accountId), number: 1, newKey: thief.publicKey }
  const lies: PublicIdentity[] = [
    oldIdentity,
    { ...oldIdentity, deviceList: forgedList.bytes },
    { ...newIdentity, deviceList: firstDeviceListOfKey(crypto, oldKey, newList, { entries }).bytes },
    { ...oldIdentity, deviceList: firstDeviceListOfKey(crypto, oldKey, newList, { entries }).bytes },
    {
      accountKey: thief.publicKey,
      successions: [createSuccession(crypto, oldKey, succession)],
      deviceList: firstDeviceListOfKey(crypto, thief, newList, { entries }).bytes,
      certificates: oldIdentity.certificates,
    },
  ]
  const accept = () => codeOf(peer.engine.request('acceptIdentity', { accountId: accountId as never }))
  const { digits } = await numberOf(peer.engine, accountId)
  for (const lie of lies) {
    liar.identity = lie
    expect(await accept()).toBe('ENGINE_IDENTITY_CHANGED')
  }
  expect((await numberOf(peer.engine, accountId)).digits).toBe(digits)

  // And its device commits itself back into the conversation: followed by nobody, whatever the directory says.
  liar.identity = must(lies[3])
  const sent = peer.device.sent.length
  await forceEntry(crypto, home, liar, lost)
  await untilWarned(peer.engine)
  expect(await codeOf(say(peer.engine, toOwner, 'secret'))).toBe('ENGINE_IDENTITY_CHANGED')
  expect(peer.device.sent.length).toBe(sent)
  // The lie over, the person goes on, in the same conversation.
  liar.identity = undefined
  await peer.engine.bury()
  peer.engine = await households.start(peer.device)
  expect(await accept()).toBe('passed')
  await say(first.engine, toPeer, 'all is well')
  await untilLast(peer.engine, 'all is well')
  await say(peer.engine, toOwner, 'here too')
  await untilLast(second.engine, 'here too')
}, 120_000)
