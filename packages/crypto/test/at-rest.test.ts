import { describe, expect, it } from 'vitest'
import {
  addArchiveKey,
  createArchiveKeys,
  createRecoveryEntropy,
  createSealer,
  createVault,
  deriveKey,
  entropyFromRecoveryPhrase,
  holdsArchiveKeys,
  MAX_ARCHIVE_KEYS,
  MAX_PADDED_BYTES,
  openVaultWithExportKey,
  openVaultWithPhrase,
  padToBucket,
  parseVault,
  randomBytes,
  recoveryPhraseFromEntropy,
  rewrapVault,
  SEAL_OVERHEAD_BYTES,
  unpad,
} from '../src/index.ts'
import { encodeStrict } from '../src/strict-cbor.ts'
import { text } from './support/people.ts'

const code = (expected: string) => expect.objectContaining({ code: expected })
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)

describe('sealing', () => {
  const sealer = createSealer(randomBytes(32))
  const aad = text('conversation 1')

  it('P71 opens what it sealed, never twice the same bytes', () => {
    const sealed = sealer.seal(text('note'), aad)
    expect(sealer.open(sealed, aad)).toEqual(text('note'))
    expect(sealed.length).toBe(4 + SEAL_OVERHEAD_BYTES)
    expect(sealer.seal(text('note'), aad)).not.toEqual(sealed)
  })

  it('P71 refuses every flipped byte, other data, another key and cut bytes', () => {
    const sealed = sealer.seal(text('note'), aad)
    for (let at = 0; at < sealed.length; at++)
      expect(() => sealer.open(flip(sealed, at), aad)).toThrow(/^SEAL_/)
    expect(() => sealer.open(sealed, text('conversation 2'))).toThrow(code('SEAL_OPEN_FAILED'))
    expect(() => createSealer(randomBytes(32)).open(sealed, aad)).toThrow(code('SEAL_OPEN_FAILED'))
    expect(() => sealer.open(sealed.slice(0, 40), aad)).toThrow(code('SEAL_MALFORMED'))
    expect(() => createSealer(randomBytes(31))).toThrow(code('CRYPTO_INVALID_ARGUMENT'))
  })

  it('derives independent keys by label and context', () => {
    const secret = randomBytes(32)
    const keys = [
      deriveKey(secret, 'a'),
      deriveKey(secret, 'b'),
      deriveKey(secret, 'a', text('x')),
      deriveKey(secret, 'ax'),
    ]
    expect(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size).toBe(4)
    expect(deriveKey(secret, 'a')).toEqual(keys[0])
  })
})

describe('padding', () => {
  it('hides the length in buckets and comes back, for every length', () => {
    for (let length = 0; length < MAX_PADDED_BYTES; length += length < 600 ? 1 : 997) {
      const content = randomBytes(length)
      const padded = padToBucket(content)
      expect([64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, MAX_PADDED_BYTES]).toContain(
        padded.length,
      )
      expect(Buffer.compare(unpad(padded), content)).toBe(0)
    }
  })

  it('refuses what it would not have written', () => {
    const padded = padToBucket(text('hello'))
    const longer = new Uint8Array(128)
    longer.set(padded)
    for (const bad of [
      new Uint8Array(),
      new Uint8Array(64),
      longer,
      padded.slice(1),
      padded.with(5, 0x81),
      padded.with(63, 1),
    ]) {
      expect(() => unpad(bad)).toThrow(code('PADDING_INVALID'))
    }
    expect(() => padToBucket(new Uint8Array(MAX_PADDED_BYTES))).toThrow(code('PADDING_TOO_LARGE'))
    expect(padToBucket(new Uint8Array(MAX_PADDED_BYTES - 1)).length).toBe(MAX_PADDED_BYTES)
  })
})

describe('vault', () => {
  const accountId = randomBytes(16)
  const exportKey = randomBytes(64)
  const contents = {
    accountSeeds: randomBytes(64),
    archiveKeys: addArchiveKey(createArchiveKeys()),
    recoveryEntropy: createRecoveryEntropy(),
  }
  const phrase = recoveryPhraseFromEntropy(contents.recoveryEntropy)
  const vault = createVault({ accountId, version: 1 }, contents, exportKey)

  it('P36 opens by export key and by phrase', () => {
    expect(openVaultWithExportKey(vault.bytes, accountId, exportKey)).toEqual({
      accountId,
      version: 1,
      contents,
    })
    expect(openVaultWithPhrase(vault.bytes, accountId, phrase).contents).toEqual(contents)
    expect(
      openVaultWithPhrase(vault.bytes, accountId, `  ${phrase.toUpperCase().replaceAll(' ', '\n ')} `)
        .contents,
    ).toEqual(contents)
    expect(parseVault(vault.bytes)).toMatchObject({ accountId, version: 1 })
  })

  it('P36 refuses a wrong key, phrase or account, and every altered byte', () => {
    const wrong = code('VAULT_WRONG_KEY')
    expect(() => openVaultWithExportKey(vault.bytes, accountId, randomBytes(64))).toThrow(wrong)
    const other = recoveryPhraseFromEntropy(createRecoveryEntropy())
    expect(() => openVaultWithPhrase(vault.bytes, accountId, other)).toThrow(wrong)
    expect(() => openVaultWithExportKey(vault.bytes, randomBytes(16), exportKey)).toThrow(wrong)
    let opened = 0
    for (let at = 0; at < vault.bytes.length; at++) {
      const bent = flip(vault.bytes, at)
      let byKey = false
      let byPhrase = false
      try {
        byKey = openVaultWithExportKey(bent, accountId, exportKey).version > 0
      } catch {}
      try {
        byPhrase = openVaultWithPhrase(bent, accountId, phrase).version > 0
      } catch {}
      // A wrap that is not used may be bent; contents, account and version may not.
      if (byKey && byPhrase) opened++
    }
    expect(opened).toBe(0)
  })

  it('P36 a vault of format 1 opens as one with a single archive key', () => {
    const seal = (key: Uint8Array, label: string, plaintext: Uint8Array, part: string) =>
      createSealer(deriveKey(key, label)).seal(
        plaintext,
        encodeStrict(['Entangle vault', 1, accountId, 7, part]),
      )
    const [vaultKey, archiveKey] = [randomBytes(32), randomBytes(32)]
    const { accountSeeds, recoveryEntropy } = contents
    const earlier = encodeStrict([
      1,
      accountId,
      7,
      seal(
        vaultKey,
        'vault contents',
        Buffer.concat([accountSeeds, archiveKey, recoveryEntropy]),
        'contents',
      ),
      seal(exportKey, 'vault wrap export key', vaultKey, 'export key'),
      seal(recoveryEntropy, 'vault wrap recovery phrase', vaultKey, 'recovery phrase'),
    ])
    const opened = openVaultWithExportKey(earlier, accountId, exportKey)
    expect(opened.contents).toEqual({
      accountSeeds,
      archiveKeys: [{ version: 1, key: archiveKey }],
      recoveryEntropy,
    })
    expect(opened.version).toBe(7)
    expect(openVaultWithPhrase(earlier, accountId, phrase)).toEqual(opened)
    const next = rewrapVault(opened, { exportKey })
    expect(openVaultWithExportKey(next.bytes, accountId, exportKey).contents).toEqual(opened.contents)
  })

  it('P36 P38 a rotated archive key comes at the end; the old ones stay', () => {
    const first = createArchiveKeys()
    const second = addArchiveKey(first)
    expect(second.map(({ version }) => version)).toEqual([1, 2])
    expect([holdsArchiveKeys(second, first), holdsArchiveKeys(first, second)]).toEqual([true, false])
    expect(holdsArchiveKeys(addArchiveKey(first), second)).toBe(false)
    let most = first
    while (most.length < MAX_ARCHIVE_KEYS) most = addArchiveKey(most)
    expect(() => addArchiveKey(most)).toThrow(code('CRYPTO_INVALID_ARGUMENT'))
    const full = createVault({ accountId, version: 1 }, { ...contents, archiveKeys: most }, exportKey)
    expect(full.bytes.length).toBeLessThan(16 * 1024)
    const [one] = first
    const bent = { ...contents, archiveKeys: [one, { ...one, version: 3 }] as const }
    expect(() => createVault({ accountId, version: 1 }, bent, exportKey)).toThrow(
      code('CRYPTO_INVALID_ARGUMENT'),
    )
  })

  it('P24 a change of password makes the next version, and the old export key opens nothing of it', () => {
    const next = rewrapVault(openVaultWithExportKey(vault.bytes, accountId, exportKey), {
      exportKey: randomBytes(64),
    })
    expect(next.version).toBe(2)
    expect(() => openVaultWithExportKey(next.bytes, accountId, exportKey)).toThrow(code('VAULT_WRONG_KEY'))
    expect(openVaultWithPhrase(next.bytes, accountId, phrase).contents).toEqual(contents)
  })

  it('checks the words of a phrase', () => {
    expect(phrase.split(' ')).toHaveLength(12)
    expect(entropyFromRecoveryPhrase(phrase)).toEqual(contents.recoveryEntropy)
    for (const bad of ['', 'one two', `${phrase} abandon`, phrase.replace(/^\S+/, 'entangle')]) {
      expect(() => entropyFromRecoveryPhrase(bad)).toThrow(code('VAULT_PHRASE_INVALID'))
    }
  })
})
