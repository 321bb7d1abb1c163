import { type DeviceList, encodeCredential, randomBytes } from '@entangle/crypto'
import { type AccountId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { Contact } from '../src/identity/contact-book.ts'
import { earlierDevices, hasLeft } from '../src/identity/earlier-devices.ts'

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
