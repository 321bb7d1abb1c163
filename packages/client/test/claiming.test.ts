import {
  type Crypto,
  createDeviceCertificate,
  createDeviceList,
  type DeviceListEntry,
  encodeCredential,
  nextDeviceList,
  randomBytes,
} from '@entangle/crypto'
import { type AccountId, type DeviceId, readId } from '@entangle/protocol'
import { beforeAll, expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import { claimOf } from '../src/conversations/claiming.ts'
import { createContactBook } from '../src/identity/contact-book.ts'
import { IdentityMismatch, verifyIdentity } from '../src/identity/directory.ts'

const HOUR_MS = 3_600_000

let crypto: Crypto
beforeAll(async () => {
  crypto = await loadNodeCrypto()
})

/** An account whose lists are written here, and somebody who asks a directory for them. */
function createScene() {
  const key = crypto.createAccountKey()
  const nowMs = Date.now()
  const account = randomBytes(16)
  const accountId: AccountId = readId(account)

  const createDevice = () => {
    const mls = crypto.openDeviceState()
    const signatureKey = mls.createSignatureKey()
    const fields = {
      accountId: account,
      deviceId: randomBytes(16),
      signatureKey,
      suite: crypto.suite,
      createdAtMs: nowMs - HOUR_MS,
      expiresAtMs: nowMs + HOUR_MS,
    }
    const certificate = createDeviceCertificate(crypto, key, fields)
    const entry: DeviceListEntry = { ...fields, certificateHash: certificate.hash }
    const credential = encodeCredential({ ...fields, certificateHash: certificate.hash })
    const [made] = mls.createKeyPackages({ signatureKey, credential, count: 1, lastResort: false })
    if (made === undefined) throw new Error('no key package')
    const deviceId: DeviceId = readId(fields.deviceId)
    return { entry, certificate: certificate.bytes, claimed: { deviceId, keyPackage: made.keyPackage } }
  }
  type Device = ReturnType<typeof createDevice>

  const devices = [createDevice(), createDevice()] as const
  const entriesOf = (listed: readonly Device[]) => listed.map(({ entry }) => entry)
  const first = createDeviceList(crypto, key, {
    accountId: account,
    handle: 'ann',
    entries: entriesOf(devices),
  })
  const identityOf = (list: Pick<typeof first, 'bytes'>, listed: readonly Device[]) => ({
    accountKey: key.publicKey,
    deviceList: list.bytes,
    certificates: listed.map(({ certificate }) => certificate),
  })
  let told = identityOf(first, devices)
  let asked = 0
  const contacts = createContactBook(crypto)
  const transaction = { put: () => undefined, afterCommit: (action: () => void) => action() }
  const learn = () => {
    const pinned = contacts.get(accountId)
    contacts.stage(transaction as never, verifyIdentity({ crypto, accountId, identity: told, pinned, nowMs }))
  }
  learn()

  return {
    devices,
    createDevice,
    learn,
    timesAsked: () => asked,
    /** From now on the directory tells this list. */
    list(listed: readonly Device[]) {
      told = identityOf(nextDeviceList(crypto, key, first, { entries: entriesOf(listed) }), listed)
    },
    /** `meanwhile` happens while the packages of these devices are on their way. */
    claim(given: readonly Device[], meanwhile: () => void = () => undefined) {
      const call = async (operation: string) => {
        if (operation === 'readIdentity') {
          asked += 1
          return told
        }
        meanwhile()
        return { packages: given.map(({ claimed }) => claimed) }
      }
      const context = {
        calls: { call },
        chats: { all: () => [] },
        clock: { now: () => nowMs },
        contacts,
        crypto,
        ledger: { transact: async (work: (part: unknown) => unknown) => work(transaction) },
        state: { read: () => undefined },
        self: { accountId: readId(randomBytes(16)), deviceId: readId(randomBytes(16)) },
        timing: { selfUpdate: { min: 0, max: 0 } },
      } as unknown as AccountContext
      return claimOf(context, accountId)
    },
  }
}

test('P33 who leaves its list while its key package is on the way is not brought in, and is no alarm', async () => {
  const { claim, devices, learn, list } = createScene()
  const [stays, goes] = devices
  const joiners = await claim(devices, () => {
    list([stays])
    learn()
  })
  expect(joiners.map(({ deviceId }) => deviceId)).toEqual([stays.claimed.deviceId])
  expect(await claim([goes])).toEqual([])
})

test('P33 who came into its list after that was asked for is brought in', async () => {
  const { claim, createDevice, devices, list, timesAsked } = createScene()
  const comes = createDevice()
  const joiners = await claim([...devices, comes], () => list([...devices, comes]))
  expect(joiners).toHaveLength(3)
  expect(timesAsked()).toBe(1)
})

test('P33 the key package of a device that no list names is not taken', async () => {
  const { claim, createDevice, devices, timesAsked } = createScene()
  const ghost = createDevice()
  await expect(claim([...devices, ghost])).rejects.toBeInstanceOf(IdentityMismatch)
  expect(timesAsked()).toBe(1)
})
