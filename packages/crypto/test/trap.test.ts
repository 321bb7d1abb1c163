import { describe, expect, it } from 'vitest'
import { randomBytes } from '../src/index.ts'
import { guarded } from '../src/mls/core.ts'
import { addAll, crypto, Device } from './support/people.ts'

describe('a trap of the WebAssembly instance', () => {
  it('is named, costs the open objects only, and the state reopens from its entries', () => {
    const groupId = randomBytes(16)
    const [alice, bob] = [new Device('alice'), new Device('bob')]
    alice.create(groupId)
    addAll(groupId, alice, [bob])
    const sent = alice.send(groupId, 'before')
    const trap = () =>
      guarded(() => {
        throw new Error('unreachable')
      })
    expect(trap).toThrow(expect.objectContaining({ code: 'CRYPTO_INSTANCE_LOST', retryable: true }))
    expect(() => bob.state.groupStatus(groupId)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_INSTANCE_LOST' }),
    )
    expect(() => bob.state.processMessage(groupId, sent)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_INSTANCE_LOST' }),
    )
    alice.reload()
    bob.reload()
    expect(bob.read(groupId, sent)).toBe('before')
    expect(alice.read(groupId, bob.send(groupId, 'after'))).toBe('after')
    expect(crypto.createAccountKey().publicKey).toHaveLength(1984)
  })
})
