import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { crypto, fromText, text } from './support/people.ts'

type Entries = Readonly<Record<string, string>>

/**
 * What an earlier build has written and sent: alice's state two epochs after she added bob, bob's state before he
 * joined, and what she sent him since.
 */
const stored: {
  readonly [name in
    | 'groupId'
    | 'welcome'
    | 'ratchetTree'
    | 'first'
    | 'commit'
    | 'second'
    | 'accountSeeds'
    | 'accountPublicKey'
    | 'accountSignature']: string
} & { readonly alice: Entries; readonly bob: Entries } = JSON.parse(
  readFileSync(new URL('stored/state.json', import.meta.url), 'utf8'),
)

const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'base64'))
const open = (entries: Entries) =>
  crypto.openDeviceState(Object.entries(entries).map(([key, value]) => ({ key, value: bytes(value) })))

it('opens states and messages that an earlier build has written', () => {
  const groupId = bytes(stored.groupId)
  const [alice, bob] = [open(stored.alice), open(stored.bob)]
  const read = (state: typeof alice, message: Uint8Array): string => {
    const processed = state.processMessage(groupId, message)
    return processed.kind === 'application' ? fromText(processed.plaintext) : processed.kind
  }
  bob.stageWelcome(bytes(stored.welcome), bytes(stored.ratchetTree))
  bob.acceptWelcome()
  expect(read(bob, bytes(stored.first))).toBe('first')
  expect(read(bob, bytes(stored.commit))).toBe('commit')
  bob.mergeStagedCommit(groupId)
  expect(read(bob, bytes(stored.second))).toBe('second')
  expect(bob.groupStatus(groupId)?.epochAuthenticator).toEqual(alice.groupStatus(groupId)?.epochAuthenticator)
  expect(read(alice, bob.encrypt(groupId, text('answer'), text('')))).toBe('answer')
  const update = alice.commit(groupId, {})
  expect(read(bob, update.commit)).toBe('commit')
})

it('makes the same account key and signature of the same seeds', () => {
  const key = crypto.accountKeyFromSeeds(bytes(stored.accountSeeds))
  expect(key.publicKey).toEqual(bytes(stored.accountPublicKey))
  expect(crypto.signWithAccountKey(key, 'label', text('message'))).toEqual(bytes(stored.accountSignature))
})
