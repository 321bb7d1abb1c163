import { expect, it } from 'vitest'
import { randomBytes } from '../src/index.ts'
import { Device, NOTHING } from './support/people.ts'

const MEMBERS = 1000
/** What a device keeps: their member lists lie beside the secrets that each message changes. */
const PAST_EPOCHS = 3
const BUDGET_BYTES = 64 * 1024

it(`P70 mistake 12: at ${MEMBERS} members a message changes far less than ${BUDGET_BYTES} bytes of entries`, {
  timeout: 180_000,
}, () => {
  const groupId = randomBytes(16)
  const [alice, bob, crowd] = [new Device('alice'), new Device('bob'), new Device('crowd')]
  alice.create(groupId)
  const packages = [bob.keyPackage()]
  while (packages.length < MEMBERS - 1) {
    // One account stands for many: only the size of the tree matters here.
    const signatureKey = crowd.state.createSignatureKey()
    const made = crowd.state.createKeyPackages({
      signatureKey,
      credential: crowd.credential,
      count: 1,
      lastResort: false,
    })
    packages.push(...made.map(one => one.keyPackage))
  }
  crowd.state.discard()
  const bundle = alice.state.commit(groupId, { add: packages })
  alice.state.mergePendingCommit(groupId)
  alice.save()
  expect(bundle.welcomes[0]?.welcome.length).toBeLessThan(4096)
  bob.join(groupId, bundle, bundle.welcomes[0]?.welcome ?? NOTHING)
  for (let epoch = 0; epoch < PAST_EPOCHS; epoch++) {
    bob.follow(groupId, alice.state.commit(groupId, {}).commit)
    alice.state.mergePendingCommit(groupId)
    alice.save()
  }
  for (let round = 0; round < 5; round++) {
    const fromAlice = alice.send(groupId, 'x'.repeat(256))
    expect(alice.store.lastWriteBytes).toBeLessThan(BUDGET_BYTES)
    expect(bob.read(groupId, fromAlice)).toBe('x'.repeat(256))
    expect(bob.store.lastWriteBytes).toBeLessThan(BUDGET_BYTES)
    expect(alice.read(groupId, bob.send(groupId, 'y'))).toBe('y')
  }
  bob.reload()
  alice.reload()
  expect(bob.read(groupId, alice.send(groupId, 'after reload'))).toBe('after reload')
  const late = alice.send(groupId, 'of a past epoch')
  bob.follow(groupId, alice.state.commit(groupId, {}).commit)
  bob.reload()
  expect(bob.read(groupId, late)).toBe('of a past epoch')
})
