import { describe, expect, it } from 'vitest'
import { randomBytes } from '../src/index.ts'
import * as verify from '../src/verify.ts'
import { Follower } from './support/follower.ts'
import { addAll, crypto, Device, ROLES, text } from './support/people.ts'

function start(): { groupId: Uint8Array; alice: Device; bob: Device; server: Follower } {
  const groupId = randomBytes(16)
  const [alice, bob] = [new Device('alice'), new Device('bob')]
  alice.create(groupId)
  const server = new Follower(alice.state.exportGroupInfo(groupId), alice.state.exportRatchetTree(groupId))
  const bundle = addAll(groupId, alice, [bob])
  server.follow(bundle.commit)
  return { groupId, alice, bob, server }
}

describe('the public group of the delivery service', () => {
  it('P47 follows the same transcript as the members, reopened from entries at every step', () => {
    const { groupId, alice, bob, server } = start()
    const carol = new Device('carol')
    const [add] = [addAll(groupId, bob, [carol], [alice])]
    server.reopen()
    expect(server.follow(add.commit)).toMatchObject({
      sender: { leafIndex: 1 },
      added: [{ leafIndex: 2, credential: carol.credential }],
      newEpoch: 2n,
    })
    server.reopen()
    const leave = carol.state.proposeSelfRemove(groupId)
    expect(server.group.processHandshake(leave)).toMatchObject({
      kind: 'self-remove',
      sender: { leafIndex: 2 },
    })
    const removal = alice.state.commit(groupId, { proposals: [leave] })
    expect(server.group.processHandshake(removal.commit)).toMatchObject({ code: 'CRYPTO_PROPOSAL_MISSING' })
    expect(server.follow(removal.commit, [leave])).toMatchObject({ selfRemovedLeaves: [2] })
    alice.state.mergePendingCommit(groupId)
    server.reopen()
    expect(server.group.members()).toEqual(alice.state.groupMembers(groupId))
    expect(server.group.exportRatchetTree()).toEqual(alice.state.exportRatchetTree(groupId))
    expect(server.group.epoch).toBe(3n)
    expect(server.group.groupData).toEqual(ROLES)
  })

  it('serves a tree that an external joiner can use, and follows the join', () => {
    const { groupId, alice, server } = start()
    const dave = new Device('dave')
    const bundle = dave.state.joinByExternalCommit({
      signatureKey: dave.signatureKey,
      credential: dave.credential,
      groupInfo: alice.state.exportGroupInfo(groupId),
      ratchetTree: server.group.exportRatchetTree(),
    })
    expect(server.follow(bundle.commit)).toMatchObject({
      external: true,
      added: [{ leafIndex: 2, credential: dave.credential }],
    })
    expect(server.group.members()).toEqual(dave.state.groupMembers(groupId))
    expect(crypto.createPublicGroup(bundle.groupInfo, bundle.ratchetTree).epoch).toBe(2n)
  })

  it('refuses forged, foreign, stale and premature handshakes and stays as it was', () => {
    const { groupId, alice, bob, server } = start()
    const before = server.group.exportRatchetTree()
    const first = alice.state.commit(groupId, {})
    const bent = first.commit.slice()
    bent[300] = (bent[300] ?? 0) ^ 1
    expect(server.group.processHandshake(bent).kind).toBe('failure')
    expect(server.group.processHandshake(alice.send(groupId, 'private'))).toMatchObject({ kind: 'failure' })
    alice.state.mergePendingCommit(groupId)
    alice.save()
    const second = alice.state.commit(groupId, {})
    expect(server.group.processHandshake(second.commit)).toMatchObject({ code: 'CRYPTO_EPOCH_FUTURE' })
    expect(server.group.takeChanges()).toEqual([])
    expect(server.group.exportRatchetTree()).toEqual(before)
    server.follow(first.commit)
    const stale = bob.state.commit(groupId, {})
    expect(server.group.processHandshake(stale.commit)).toMatchObject({ code: 'CRYPTO_EPOCH_PAST' })
    const other = start()
    expect(server.group.processHandshake(other.alice.state.commit(other.groupId, {}).commit)).toMatchObject({
      code: 'CRYPTO_WRONG_GROUP',
    })
  })

  it('P41 takes the GroupInfo of its epoch from the committer, and no other', () => {
    const { groupId, alice, bob, server } = start()
    const update = bob.state.commit(groupId, {})
    const { sender } = server.follow(update.commit)
    server.reopen()
    const refused = (groupInfo: Uint8Array, leafIndex = sender.leafIndex) =>
      expect(() => server.group.verifyGroupInfo(groupInfo, leafIndex)).toThrow(
        expect.objectContaining({ code: 'CRYPTO_GROUP_INFO_INVALID' }),
      )
    server.group.verifyGroupInfo(update.groupInfo, sender.leafIndex)
    refused(update.groupInfo, 0)
    refused(update.groupInfo, 7)
    // Of the epoch before, of a rival commit on the same epoch, of another group.
    refused(alice.state.exportGroupInfo(groupId), 0)
    refused(alice.state.commit(groupId, {}).groupInfo, 0)
    const other = start()
    refused(other.alice.state.exportGroupInfo(other.groupId), 0)
    for (let at = 0; at < update.groupInfo.length; at += 7) {
      const bent = update.groupInfo.slice()
      bent[at] = (bent[at] ?? 0) ^ 1
      expect(() => server.group.verifyGroupInfo(bent, sender.leafIndex), `byte ${at}`).toThrow()
    }
    bob.state.mergePendingCommit(groupId)
    alice.follow(groupId, update.commit)
    expect(server.group.takeChanges()).toEqual([])
  })

  it('discard() drops a merged but unaccepted commit', () => {
    const { groupId, alice, server } = start()
    const update = alice.state.commit(groupId, {})
    server.group.processHandshake(update.commit)
    server.group.mergeStagedCommit()
    expect(server.group.epoch).toBe(2n)
    server.group.discard()
    expect(server.group.epoch).toBe(1n)
    server.follow(update.commit)
    expect(server.group.epoch).toBe(2n)
  })
})

describe('the verification entry', () => {
  it('offers no operation with a secret', async () => {
    const names = Object.keys(verify)
    for (const forbidden of ['loadCrypto', 'createDeviceCertificate', 'createDeviceList', 'createSealer']) {
      expect(names).not.toContain(forbidden)
    }
    const loaded = await verify.loadVerifier(new Uint8Array())
    expect(Object.keys(loaded)).not.toContain('openDeviceState')
    expect(Object.keys(loaded)).not.toContain('signWithAccountKey')
    expect(loaded.suite).toBe(0x004e)
  })

  it('reads headers without keys', () => {
    const { groupId, alice } = start()
    expect(crypto.readMessageHeader(alice.send(groupId, 'x'))).toEqual({
      wireFormat: 'private-message',
      groupId,
      epoch: 1n,
      contentType: 'application',
    })
    expect(crypto.readMessageHeader(alice.state.commit(groupId, {}).commit)).toMatchObject({
      wireFormat: 'public-message',
      contentType: 'commit',
    })
    expect(crypto.readMessageHeader(alice.keyPackage()).wireFormat).toBe('key-package')
    expect(() => crypto.readMessageHeader(text('no'))).toThrow(
      expect.objectContaining({ code: 'CRYPTO_MALFORMED' }),
    )
  })
})
