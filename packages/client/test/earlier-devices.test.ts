import {
  createDeviceList,
  type DeviceList,
  encodeCredential,
  nextDeviceList,
  randomBytes,
} from '@entangle/crypto'
import { type AccountId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import { type Contact, createContactBook } from '../src/identity/contact-book.ts'
import { verifyIdentity } from '../src/identity/directory.ts'
import { earlierDevices, hasLeft } from '../src/identity/earlier-devices.ts'
import { learnEarlierDevices } from '../src/identity/list-history.ts'

type Entry = DeviceList['entries'][number]

const newEntry = (): Entry => ({
  deviceId: randomBytes(16),
  certificateHash: randomBytes(32),
  signatureKey: randomBytes(32),
  suite: 2,
  expiresAtMs: 0,
})

const listOf = (...entries: Entry[]) => ({ entries }) as unknown as DeviceList

test('P33 a device that an earlier list named is told from one that no list ever named', () => {
  const [phone, tablet, laptop, ghost] = [newEntry(), newEntry(), newEntry(), newEntry()]
  const accountId = randomBytes(16)
  // The tablet came and went between the list that was pinned and the next one that was seen.
  const after = (known: readonly Uint8Array[], before: DeviceList[], newest: DeviceList) =>
    earlierDevices({ earlierDevices: known }, before, newest)
  const first = after([], [listOf(phone), listOf(phone, tablet)], listOf(phone))
  const later = after(first, [listOf(phone)], listOf(laptop))
  const contact = { record: { earlierDevices: later } } as Contact
  const contacts = { get: (id: AccountId) => (id === readId(accountId) ? contact : undefined) }
  const leafOf = ({ deviceId, certificateHash, signatureKey }: Entry, of = accountId) => ({
    credential: encodeCredential({ accountId: of, deviceId, certificateHash }),
    signatureKey,
  })
  expect(hasLeft(contacts, leafOf(phone))).toBe(true)
  expect(hasLeft(contacts, leafOf(tablet))).toBe(true)
  expect(hasLeft(contacts, leafOf(laptop))).toBe(false)
  expect(hasLeft(contacts, leafOf(ghost))).toBe(false)
  expect(hasLeft(contacts, leafOf(phone, randomBytes(16)))).toBe(false)
  // The name of the device alone is not enough.
  expect(hasLeft(contacts, { ...leafOf(phone), signatureKey: ghost.signatureKey })).toBe(false)
  // Listed again, it has not left.
  expect(after(later, [listOf(laptop)], listOf(laptop, phone))).toHaveLength(1)
})

test('P33 who met an account after a device had gone learns of it from the lists before', async () => {
  const crypto = await loadNodeCrypto()
  const key = crypto.createAccountKey()
  const stolen = crypto.createAccountKey()
  const [phone, tablet, ghost] = [newEntry(), newEntry(), newEntry()]
  const account = { accountId: randomBytes(16), handle: 'ann' }
  const first = createDeviceList(crypto, key, { ...account, entries: [phone, tablet] })
  const newest = nextDeviceList(crypto, key, first, { entries: [tablet] })
  const forged = createDeviceList(crypto, stolen, { ...account, entries: [ghost] })
  const accountId: AccountId = readId(account.accountId)
  const identity = { accountKey: key.publicKey, deviceList: newest.bytes, certificates: [] }
  const contacts = createContactBook(crypto)
  const transaction = { put: () => undefined, afterCommit: (action: () => void) => action() }
  contacts.stage(
    transaction as never,
    verifyIdentity({ crypto, accountId, identity, pinned: undefined, nowMs: 0 }),
  )
  const leafOf = ({ deviceId, certificateHash, signatureKey }: Entry) => ({
    credential: encodeCredential({ accountId: account.accountId, deviceId, certificateHash }),
    signatureKey,
  })
  expect(hasLeft(contacts, leafOf(phone))).toBe(false)
  const context = {
    contacts,
    crypto,
    calls: { call: async () => ({ ...identity, history: [forged.bytes, first.bytes, randomBytes(9)] }) },
    ledger: { transact: async (work: (part: unknown) => unknown) => work(transaction) },
  } as unknown as AccountContext
  expect(await learnEarlierDevices(context, accountId)).toBe(true)
  expect(hasLeft(contacts, leafOf(phone))).toBe(true)
  expect(hasLeft(contacts, leafOf(tablet))).toBe(false)
  expect(hasLeft(contacts, leafOf(ghost))).toBe(false)
  expect(await learnEarlierDevices(context, accountId)).toBe(false)
})
