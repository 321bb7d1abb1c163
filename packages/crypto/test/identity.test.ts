import { describe, expect, it } from 'vitest'
import {
  addArchiveKey,
  assertSameDevice,
  checkLeaf,
  createArchiveKeyStatement,
  createArchiveKeys,
  createDeviceCertificate,
  createDeviceList,
  createSafetyNumber,
  createSuccession,
  type DeviceListEntry,
  encodeCredential,
  firstDeviceListOfKey,
  nextDeviceList,
  parseCredential,
  parseDeviceCertificate,
  parseDeviceList,
  randomBytes,
  renewDeviceCertificate,
  verifyArchiveKeyStatement,
  verifyDeviceCertificate,
  verifyDeviceList,
  verifyDeviceListChain,
  verifySuccessions,
} from '../src/index.ts'
import { crypto, Device, text, YEAR_MS } from './support/people.ts'

const code = (expected: string) => expect.objectContaining({ code: expected })
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)

describe('account key', () => {
  const key = crypto.createAccountKey()
  const message = text('a statement')

  it('P30 signs with both algorithms; both must verify', () => {
    const signature = crypto.signWithAccountKey(key, 'label', message)
    expect([key.publicKey.length, signature.length]).toEqual([1984, 3373])
    const verifies = (label: string, what: Uint8Array, by: Uint8Array) =>
      crypto.verifyAccountSignature(key.publicKey, label, what, by)
    expect(verifies('label', message, signature)).toBe(true)
    expect(verifies('label', message, flip(signature, 3))).toBe(false)
    expect(verifies('label', message, flip(signature, 1000))).toBe(false)
    expect(verifies('other', message, signature)).toBe(false)
    expect(verifies('label', text('another'), signature)).toBe(false)
    expect(verifies('label', message, signature.slice(1))).toBe(false)
    const stranger = crypto.createAccountKey()
    const mixed = signature.slice()
    mixed.set(crypto.signWithAccountKey(stranger, 'label', message).subarray(64), 64)
    expect(verifies('label', message, mixed)).toBe(false)
    expect(crypto.verifyAccountSignature(new Uint8Array(3), 'label', message, signature)).toBe(false)
  })

  it('comes back from its seeds', () => {
    expect(crypto.accountKeyFromSeeds(key.seeds).publicKey).toEqual(key.publicKey)
    expect(() => crypto.accountKeyFromSeeds(new Uint8Array(63))).toThrow(code('CRYPTO_INVALID_ARGUMENT'))
  })

  it('P30 label and message cannot be shifted into each other', () => {
    const signature = crypto.signWithAccountKey(key, 'ab', text('c'))
    expect(crypto.verifyAccountSignature(key.publicKey, 'a', text('bc'), signature)).toBe(false)
  })

  it('a device signature verifies under its label only, and is no account signature', () => {
    const device = new Device('alice')
    const signature = device.state.signWithDeviceKey(device.signatureKey, 'login', message)
    expect(crypto.verifyDeviceSignature(device.signatureKey, 'login', message, signature)).toBe(true)
    expect(crypto.verifyDeviceSignature(device.signatureKey, 'other', message, signature)).toBe(false)
    expect(() => device.state.signWithDeviceKey(randomBytes(32), 'login', message)).toThrow(
      code('CRYPTO_STATE_MISSING'),
    )
  })
})

describe('device certificate', () => {
  const device = new Device('alice')
  const { bytes } = device.certificate

  it('survives its encoding and verifies', () => {
    expect(parseDeviceCertificate(bytes)).toEqual(device.certificate)
    expect(verifyDeviceCertificate(crypto, device.account.publicKey, bytes, Date.now())).toEqual(
      device.certificate,
    )
  })

  it('P33 is refused when bent, of another account, too early or too late', () => {
    const { publicKey } = device.account
    const other = crypto.createAccountKey().publicKey
    expect(() => verifyDeviceCertificate(crypto, publicKey, flip(bytes, 20), Date.now())).toThrow(/IDENTITY/)
    expect(() => verifyDeviceCertificate(crypto, other, bytes, Date.now())).toThrow(
      code('IDENTITY_SIGNATURE_INVALID'),
    )
    for (const now of [Date.now() - YEAR_MS, Date.now() + 2 * YEAR_MS]) {
      expect(() => verifyDeviceCertificate(crypto, publicKey, bytes, now)).toThrow(
        code('IDENTITY_CERTIFICATE_EXPIRED'),
      )
    }
  })
})

describe('device list', () => {
  const device = new Device('alice')
  const { account, list: first } = device
  const entry = first.entries[0] as DeviceListEntry
  const second = nextDeviceList(crypto, account, first, { entries: [] })
  const third = nextDeviceList(crypto, account, second, { handle: 'alice2', entries: [entry] })

  it('survives its encoding', () => {
    expect(parseDeviceList(first.bytes)).toMatchObject({ version: 1, previousHash: null, handle: 'alice' })
    expect(verifyDeviceList(crypto, account.publicKey, third.bytes)).toEqual(third)
    expect(third.previousHash).toEqual(second.hash)
  })

  it('P31 the chain leads to the newest; a repetition of the pinned one changes nothing', () => {
    expect(verifyDeviceListChain(crypto, first, [second.bytes, third.bytes])).toEqual(third)
    expect(verifyDeviceListChain(crypto, second, [second.bytes, third.bytes])).toEqual(third)
    expect(verifyDeviceListChain(crypto, third, [])).toBe(third)
  })

  it('P31 refuses rollback, fork, gap, another key, another account and a wrong signature', () => {
    const chain = (pinned: typeof first, ...next: Uint8Array[]) => {
      return () => verifyDeviceListChain(crypto, pinned, next)
    }
    expect(chain(third, second.bytes)).toThrow(code('IDENTITY_LIST_ROLLBACK'))
    expect(chain(first, third.bytes)).toThrow(code('IDENTITY_LIST_GAP'))
    const forked = nextDeviceList(crypto, account, first, { entries: [entry] })
    expect(chain(second, forked.bytes)).toThrow(code('IDENTITY_LIST_FORK'))
    const onFork = nextDeviceList(crypto, account, forked, { entries: [] })
    expect(chain(second, onFork.bytes)).toThrow(code('IDENTITY_LIST_FORK'))
    const thief = crypto.createAccountKey()
    const { accountId } = device
    const stolen = createDeviceList(crypto, thief, { accountId, handle: 'alice', entries: [entry] })
    expect(chain(first, stolen.bytes)).toThrow(code('IDENTITY_OTHER_KEY'))
    expect(chain(first, new Device('bob').list.bytes)).toThrow(code('IDENTITY_OTHER_ACCOUNT'))
    expect(chain(first, flip(second.bytes, second.bytes.length - 1))).toThrow(
      code('IDENTITY_SIGNATURE_INVALID'),
    )
    expect(chain(first, text('junk'))).toThrow(code('IDENTITY_MALFORMED'))
    expect(() => nextDeviceList(crypto, thief, first, { entries: [] })).toThrow(code('IDENTITY_OTHER_KEY'))
  })

  it('refuses a device or a key twice', () => {
    const twice = { accountId: device.accountId, handle: 'alice', entries: [entry, entry] }
    expect(() => createDeviceList(crypto, account, twice)).toThrow(code('IDENTITY_MALFORMED'))
  })
})

describe('succession of account keys', () => {
  const device = new Device('alice')
  const { account: first, accountId, list } = device
  const entry = list.entries[0] as DeviceListEntry
  const [second, third, thief] = [1, 2, 3].map(() => crypto.createAccountKey())
  if (second === undefined || third === undefined || thief === undefined) throw new Error('no keys')
  const succeed = (old: typeof first, next: typeof first, number: number, of = accountId) =>
    createSuccession(crypto, old, { accountId: of, number, newKey: next.publicKey })
  const toSecond = succeed(first, second, 1)
  const toThird = succeed(second, third, 2)
  const verify = (to: typeof first, ...statements: Uint8Array[]) => {
    return () => verifySuccessions(crypto, accountId, to.publicKey, statements)
  }

  it('P30 leads from key to key, oldest first, and is nothing for a key that never changed', () => {
    expect(verify(third, toSecond, toThird)()).toEqual([first.publicKey, second.publicKey, third.publicKey])
    expect(verify(third, toThird)()).toEqual([second.publicKey, third.publicKey])
    expect(verify(first)()).toEqual([first.publicKey])
  })

  it('P30 is refused when bent, signed by another key, out of order, of another account, or in a circle', () => {
    const cases: [() => unknown, string][] = [
      [verify(second, flip(toSecond, 40)), 'IDENTITY_SIGNATURE_INVALID'],
      [verify(second, flip(toSecond, toSecond.length - 1)), 'IDENTITY_SIGNATURE_INVALID'],
      [verify(second, toSecond.slice(1)), 'IDENTITY_MALFORMED'],
      [verify(second, list.bytes), 'IDENTITY_MALFORMED'],
      [verify(third, toSecond), 'IDENTITY_OTHER_KEY'],
      [verify(third, toThird, toSecond), 'IDENTITY_OTHER_KEY'],
      [verify(third, toSecond, succeed(second, third, 3)), 'IDENTITY_OTHER_KEY'],
      [verify(third, toSecond, succeed(thief, third, 2)), 'IDENTITY_OTHER_KEY'],
      [verify(second, succeed(first, second, 1, randomBytes(16))), 'IDENTITY_OTHER_ACCOUNT'],
      [verify(first, toSecond, succeed(second, first, 2)), 'IDENTITY_MALFORMED'],
      [verify(third, ...new Array<Uint8Array>(9).fill(toThird)), 'IDENTITY_MALFORMED'],
    ]
    for (const [check, expected] of cases) expect(check).toThrow(code(expected))
    expect(() => succeed(first, first, 1)).toThrow(code('CRYPTO_INVALID_ARGUMENT'))
  })

  it('P31 the list goes on under the next key and never back under an earlier one', () => {
    const under2 = firstDeviceListOfKey(crypto, second, list, { entries: [entry] })
    const after2 = nextDeviceList(crypto, second, under2, { entries: [] })
    const under3 = firstDeviceListOfKey(crypto, third, after2, { entries: [entry] })
    const successors = [second.publicKey, third.publicKey]
    const chain = [under2, after2, under3].map(({ bytes }) => bytes)
    expect(verifyDeviceListChain(crypto, list, chain, successors)).toEqual(under3)
    expect(under3.version).toBe(4)
    expect(() => verifyDeviceListChain(crypto, list, chain)).toThrow(code('IDENTITY_OTHER_KEY'))
    // Whoever has the old key signs a list of its own, behind the one that the new key has signed.
    const stolen = firstDeviceListOfKey(crypto, first, under2, { entries: [entry] })
    const forged = () => verifyDeviceListChain(crypto, list, [under2.bytes, stolen.bytes], successors)
    expect(forged).toThrow(code('IDENTITY_OTHER_KEY'))
    const behind = () => verifyDeviceListChain(crypto, under2, [stolen.bytes], [third.publicKey])
    expect(behind).toThrow(code('IDENTITY_OTHER_KEY'))
  })

  it('P33 a certificate is signed anew under the next key: leaf and list name it as before', () => {
    const now = Date.now()
    const renewed = renewDeviceCertificate(crypto, second, device.certificate.bytes)
    expect(renewed.hash).toEqual(device.certificate.hash)
    expect({ ...renewed, bytes: null }).toEqual({ ...device.certificate, bytes: null })
    const certificate = verifyDeviceCertificate(crypto, second.publicKey, renewed.bytes, now)
    const leaf = { credential: device.credential, signatureKey: device.signatureKey }
    const named = firstDeviceListOfKey(crypto, second, list, { entries: [entry] })
    expect(checkLeaf(leaf, named, certificate, now).deviceId).toEqual(device.deviceId)
    // The signature of the old key alone vouches for nobody any more.
    expect(() => verifyDeviceCertificate(crypto, second.publicKey, device.certificate.bytes, now)).toThrow(
      code('IDENTITY_SIGNATURE_INVALID'),
    )
  })
})

describe('archive key statement', () => {
  const device = new Device('alice')
  const keys = addArchiveKey(createArchiveKeys())
  const bytes = createArchiveKeyStatement(crypto, device.account, device.list, keys)

  it('P29 says under the account key which archive keys there are, for which list', () => {
    expect(verifyArchiveKeyStatement(crypto, device.account.publicKey, bytes)).toEqual({
      accountId: device.accountId,
      listVersion: 1,
      listHash: device.list.hash,
      archiveKeys: keys,
      bytes,
    })
  })

  it('P29 is refused when bent, when cut, and under another account key', () => {
    const verify = (what: Uint8Array, by = device.account.publicKey) => {
      return () => verifyArchiveKeyStatement(crypto, by, what)
    }
    expect(verify(bytes, crypto.createAccountKey().publicKey)).toThrow(code('IDENTITY_SIGNATURE_INVALID'))
    for (const at of [2, 20, 60, 100, bytes.length - 1]) expect(verify(flip(bytes, at))).toThrow(/^IDENTITY_/)
    expect(verify(bytes.slice(1))).toThrow(code('IDENTITY_MALFORMED'))
  })
})

describe('credential and leaf', () => {
  const device = new Device('alice')
  const { list, certificate, credential, signatureKey } = device
  const now = Date.now()
  const leaf = { leafIndex: 0, credential, signatureKey }

  it('P32 is 65 bytes and survives its encoding', () => {
    expect(credential.length).toBe(65)
    expect(encodeCredential(parseCredential(credential))).toEqual(credential)
    for (const bad of [credential.slice(1), credential.with(0, 2), new Uint8Array()]) {
      expect(() => parseCredential(bad)).toThrow(code('IDENTITY_MALFORMED'))
    }
  })

  // Any of the comparisons left out lets one of these through.
  it('P33 mistake 9: passes only when leaf, certificate and list say the same', () => {
    expect(checkLeaf(leaf, list, certificate, now).deviceId).toEqual(device.deviceId)
    const other = new Device('alice')
    expect(() => checkLeaf({ ...leaf, signatureKey: other.signatureKey }, list, certificate, now)).toThrow(
      code('IDENTITY_CERTIFICATE_MISMATCH'),
    )
    expect(() => checkLeaf(leaf, other.list, certificate, now)).toThrow(code('IDENTITY_OTHER_ACCOUNT'))
    expect(() => checkLeaf(leaf, list, other.certificate, now)).toThrow(code('IDENTITY_CERTIFICATE_MISMATCH'))
    expect(() => checkLeaf(leaf, list, certificate, now + 2 * YEAR_MS)).toThrow(
      code('IDENTITY_CERTIFICATE_EXPIRED'),
    )
    const emptied = nextDeviceList(crypto, device.account, list, { entries: [] })
    expect(() => checkLeaf(leaf, emptied, certificate, now)).toThrow(code('IDENTITY_DEVICE_NOT_LISTED'))
    const renewed = createDeviceCertificate(crypto, device.account, {
      ...certificate,
      expiresAtMs: now + 1000,
    })
    expect(() => checkLeaf(leaf, list, renewed, now)).toThrow(code('IDENTITY_CERTIFICATE_MISMATCH'))
  })

  it('P33 a changed leaf stays the same device', () => {
    const other = { ...leaf, credential: new Device('alice').credential }
    expect(() => assertSameDevice(leaf, leaf)).not.toThrow()
    expect(() => assertSameDevice(leaf, other)).toThrow(code('IDENTITY_CERTIFICATE_MISMATCH'))
    expect(() => assertSameDevice(leaf, { credential: text('x') })).toThrow(/MISMATCH/)
  })
})

describe('safety number', () => {
  const party = (device: Device) => ({
    accountId: device.accountId,
    accountPublicKey: device.account.publicKey,
  })
  const [alice, bob] = [party(new Device('alice')), party(new Device('bob'))]

  it('P37 has 60 digits, the same from both sides, and changes with a key', () => {
    const number = createSafetyNumber(alice, bob)
    expect(number).toMatch(/^\d{60}$/)
    expect(createSafetyNumber(bob, alice)).toBe(number)
    expect(createSafetyNumber(alice, { ...bob, accountPublicKey: alice.accountPublicKey })).not.toBe(number)
    expect(createSafetyNumber(alice, { ...bob, accountId: alice.accountId })).not.toBe(number)
  })

  it('stays what it is: a change would alarm every user', () => {
    const fixed = (fill: number) => ({
      accountId: new Uint8Array(16).fill(fill),
      accountPublicKey: new Uint8Array(1984).fill(fill),
    })
    expect(createSafetyNumber(fixed(1), fixed(2))).toMatchInlineSnapshot(
      `"568152142772906645759087163038910929226278540475375116996027"`,
    )
  })
})
