import { describe, expect, it } from 'vitest'
import { type CommitBundle, randomBytes } from '../src/index.ts'
import { addAll, crypto, Device } from './support/people.ts'

function group(): { groupId: Uint8Array; alice: Device; bob: Device } {
  const groupId = randomBytes(16)
  const [alice, bob] = [new Device('alice'), new Device('bob')]
  alice.create(groupId)
  addAll(groupId, alice, [bob])
  return { groupId, alice, bob }
}

/** Joins on a scratch state, as the interface asks for, and moves the entries over after acceptance. */
function joinExternally(
  device: Device,
  groupId: Uint8Array,
  from: Device,
  preSharedKey?: { id: Uint8Array; secret: Uint8Array },
): { bundle: CommitBundle; accepted: () => void } {
  const scratch = crypto.openDeviceState(device.store.list().filter(entry => entry.key.startsWith('s/')))
  if (preSharedKey) scratch.storePreSharedKey(preSharedKey.id, preSharedKey.secret)
  const bundle = scratch.joinByExternalCommit({
    signatureKey: device.signatureKey,
    credential: device.credential,
    groupInfo: from.state.exportGroupInfo(groupId),
    ratchetTree: from.state.exportRatchetTree(groupId),
    ...(preSharedKey ? { preSharedKeyId: preSharedKey.id } : {}),
  })
  if (preSharedKey) scratch.deletePreSharedKey(preSharedKey.id)
  return {
    bundle,
    accepted() {
      for (const key of device.store.entries.keys())
        if (key.startsWith('g/')) device.store.entries.delete(key)
      device.store.write(scratch)
      scratch.close()
      device.reload()
    },
  }
}

describe('external commits', () => {
  it('a new device joins from GroupInfo and tree, after acceptance only', () => {
    const { groupId, alice, bob } = group()
    const carol = new Device('carol')
    const { bundle, accepted } = joinExternally(carol, groupId, alice)
    expect(carol.state.groupStatus(groupId)).toBeNull()
    const seen = alice.follow(groupId, bundle.commit)
    expect(seen).toMatchObject({
      external: true,
      removed: [],
      added: [{ leafIndex: 2, credential: carol.credential }],
      sender: { leafIndex: 2, credential: carol.credential },
    })
    bob.follow(groupId, bundle.commit)
    accepted()
    expect(carol.authenticator(groupId)).toBe(alice.authenticator(groupId))
    expect(bob.read(groupId, carol.send(groupId, 'here'))).toBe('here')
    expect(carol.read(groupId, alice.send(groupId, 'welcome'))).toBe('welcome')
  })

  it('a device that lost its state comes back in its old place', () => {
    const { groupId, alice, bob } = group()
    const { bundle, accepted } = joinExternally(bob, groupId, alice)
    const seen = alice.follow(groupId, bundle.commit)
    expect(seen).toMatchObject({ external: true, removed: [{ leafIndex: 1 }], added: [{ leafIndex: 1 }] })
    accepted()
    expect(alice.state.groupMembers(groupId).map(member => member.leafIndex)).toEqual([0, 1])
    expect(alice.read(groupId, bob.send(groupId, 'back'))).toBe('back')
  })

  it('with a pre-shared key only those who have it follow', () => {
    const { groupId, alice, bob } = group()
    const link = { id: randomBytes(16), secret: randomBytes(32) }
    alice.state.storePreSharedKey(link.id, link.secret)
    const { bundle } = joinExternally(new Device('guest'), groupId, alice, link)
    expect(bob.receive(groupId, bundle.commit)).toMatchObject({
      kind: 'failure',
      code: 'CRYPTO_COMMIT_INVALID',
    })
    expect(alice.follow(groupId, bundle.commit)).toMatchObject({ external: true })
    const wrong = new Device('wrong')
    const forged = joinExternally(wrong, groupId, bob, { id: link.id, secret: randomBytes(32) })
    bob.state.storePreSharedKey(link.id, link.secret)
    expect(bob.receive(groupId, forged.bundle.commit)).toMatchObject({ code: 'CRYPTO_COMMIT_INVALID' })
  })

  it('refuses an external commit that removes the leaf of another device', () => {
    const { groupId, alice, bob } = group()
    // The thief knows bob's signature key pair, so OpenMLS finds and removes bob's leaf, under another name.
    const thief = new Device('thief')
    const scratch = crypto.openDeviceState(bob.store.list().filter(entry => entry.key.startsWith('s/')))
    const bundle = scratch.joinByExternalCommit({
      signatureKey: bob.signatureKey,
      credential: thief.credential,
      groupInfo: alice.state.exportGroupInfo(groupId),
      ratchetTree: alice.state.exportRatchetTree(groupId),
    })
    expect(alice.receive(groupId, bundle.commit)).toMatchObject({ code: 'CRYPTO_COMMIT_INVALID' })
    expect(() => alice.state.mergeStagedCommit(groupId)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_NOTHING_STAGED' }),
    )
    expect(bob.read(groupId, alice.send(groupId, 'unmoved'))).toBe('unmoved')
  })

  it('refuses a tree that is not the one of the GroupInfo', () => {
    const { groupId, alice } = group()
    const carol = new Device('carol')
    const tree = alice.state.exportRatchetTree(groupId)
    alice.state.commit(groupId, {})
    alice.state.mergePendingCommit(groupId)
    expect(() =>
      carol.state.joinByExternalCommit({
        signatureKey: carol.signatureKey,
        credential: carol.credential,
        groupInfo: alice.state.exportGroupInfo(groupId),
        ratchetTree: tree,
      }),
    ).toThrow(expect.objectContaining({ code: 'CRYPTO_GROUP_INFO_INVALID' }))
    expect(carol.state.takeChanges()).toEqual([])
  })
})

describe('time', () => {
  it('a commit is judged by the time it was accepted: its key packages may have expired since', () => {
    const { groupId, alice, bob } = group()
    const carol = new Device('carol')
    const bundle = alice.state.commit(groupId, { add: [carol.keyPackage()] })
    const later = Date.now() + 91 * 86_400_000
    expect(bob.state.processMessage(groupId, bundle.commit, [], later)).toMatchObject({ kind: 'failure' })
    expect(bob.state.processMessage(groupId, bundle.commit, [], Date.now())).toMatchObject({ kind: 'commit' })
    bob.state.mergeStagedCommit(groupId)
    expect(bob.state.groupMembers(groupId)).toHaveLength(3)
  })
})
