import { expect, it } from 'vitest'
import { createRecoveryEntropy, createRecoveryKey } from '../src/index.ts'
import { crypto, text } from './support/people.ts'

it('P36 the phrase signs: the same key each time, verified like a device signature', () => {
  const entropy = createRecoveryEntropy()
  const key = createRecoveryKey(entropy)
  const signature = key.sign('entangle recovery', text('challenge'))
  expect(createRecoveryKey(entropy).publicKey).toEqual(key.publicKey)
  expect(signature.length).toBe(64)
  const verifies = (label: string, message: string, publicKey = key.publicKey) =>
    crypto.verifyDeviceSignature(publicKey, label, text(message), signature)
  expect(verifies('entangle recovery', 'challenge')).toBe(true)
  expect(verifies('entangle recovery', 'another')).toBe(false)
  expect(verifies('entangle login', 'challenge')).toBe(false)
  expect(
    verifies('entangle recovery', 'challenge', createRecoveryKey(createRecoveryEntropy()).publicKey),
  ).toBe(false)
  expect(() => createRecoveryKey(entropy.slice(1))).toThrow(
    expect.objectContaining({ code: 'CRYPTO_INVALID_ARGUMENT' }),
  )
})
