import { expect, it } from 'vitest'
import {
  CryptoError,
  checkLeaf,
  createDeviceCertificate,
  createDeviceList,
  encodeCredential,
  randomBytes,
} from '../src/index.ts'
import { addProposal, openCommit, proposalContent, removeProposal, signHandshake } from './support/forge.ts'
import { addAll, crypto, Device, YEAR_MS } from './support/people.ts'

const three = () => {
  const groupId = randomBytes(16)
  const [alice, bob, carol] = [new Device('alice'), new Device('bob'), new Device('carol')]
  alice.create(groupId)
  addAll(groupId, alice, [bob, carol])
  const server = crypto.createPublicGroup(
    alice.state.exportGroupInfo(groupId),
    alice.state.exportRatchetTree(groupId),
  )
  return { groupId, alice, bob, carol, server }
}

// The same bytes signed again with the path pass: it is the path that is missed, and nothing else.
it('P41 mistake 1: a removal without a path is refused, and ours always has one', () => {
  const { groupId, alice, bob, carol, server } = three()
  const { commit } = alice.state.commit(groupId, { remove: [1] })
  const { content, pathAt } = openCommit(commit)
  expect(content[pathAt]).toBe(1)
  const without = new Uint8Array([...content.slice(0, pathAt), 0])
  expect(server.processHandshake(signHandshake(alice, groupId, without, true))).toMatchObject({
    kind: 'failure',
    code: 'CRYPTO_COMMIT_INVALID',
  })
  expect(server.processHandshake(signHandshake(alice, groupId, content, true)).kind).toBe('commit')
  server.discardStagedCommit()
  expect(carol.follow(groupId, commit).updated).toMatchObject([{ after: { leafIndex: 0 } }])
  alice.state.mergePendingCommit(groupId)
  alice.save()
  const sent = alice.send(groupId, 'without bob')
  expect(carol.read(groupId, sent)).toBe('without bob')
  expect(bob.read(groupId, sent)).toBe('CRYPTO_EPOCH_FUTURE')

  const leave = carol.state.proposeSelfRemove(groupId)
  const left = alice.state.commit(groupId, { proposals: [leave] })
  const { content: leaving, pathAt: at } = openCommit(left.commit)
  expect(leaving[at]).toBe(1)
})

// Were they taken up, the next commit would have to carry out what nobody wanted, or no commit would fit any more.
it('P52 mistake 10: proposals other than leaving are refused, and the group goes on', () => {
  const { groupId, alice, bob, carol, server } = three()
  const epoch = alice.state.groupStatus(groupId)?.epoch ?? 0n
  const dave = new Device('dave')
  const forge = (proposal: Uint8Array) =>
    signHandshake(bob, groupId, proposalContent(groupId, epoch, 1, proposal), false)
  for (const proposal of [removeProposal(0), removeProposal(77), addProposal(dave.keyPackage())]) {
    expect(server.processHandshake(forge(proposal))).toMatchObject({ code: 'CRYPTO_PROPOSAL_REFUSED' })
    expect(alice.receive(groupId, forge(proposal))).toMatchObject({ kind: 'failure' })
    expect(carol.read(groupId, alice.send(groupId, 'unmoved'))).toBe('unmoved')
  }
  const { commit } = alice.state.commit(groupId, {})
  expect(server.processHandshake(commit)).toMatchObject({ kind: 'commit', added: [], removed: [] })
  expect(carol.follow(groupId, commit).added).toEqual([])
})

type Claims = {
  /** What the certificate, the list's entry and the credential say where it is not the device's own. */
  readonly certificate?: Partial<Parameters<typeof createDeviceCertificate>[2]>
  readonly entry?: { readonly certificateHash?: Uint8Array; readonly signatureKey?: Uint8Array }
  readonly credential?: { readonly certificateHash: Uint8Array }
  readonly leafKey?: Uint8Array
}

/** Everything signed by the account, and all of it fits but for what is claimed. */
function judge({ certificate, entry, credential, leafKey }: Claims): string {
  const { account, accountId, deviceId, signatureKey } = new Device('alice')
  const nowMs = Date.now()
  const own = { accountId, deviceId, signatureKey, suite: crypto.suite }
  const times = { createdAtMs: nowMs - 1000, expiresAtMs: nowMs + YEAR_MS }
  const signed = createDeviceCertificate(crypto, account, { ...own, ...times, ...certificate })
  const certificateHash = signed.hash
  const listed = { ...own, expiresAtMs: times.expiresAtMs, certificateHash, ...entry }
  const list = createDeviceList(crypto, account, { accountId, handle: 'alice', entries: [listed] })
  const leaf = {
    credential: encodeCredential({ accountId, deviceId, certificateHash, ...credential }),
    signatureKey: leafKey ?? signatureKey,
  }
  try {
    checkLeaf(leaf, list, signed, nowMs)
    return 'passed'
  } catch (error) {
    return error instanceof CryptoError ? error.code : String(error)
  }
}

// Each comparison of checkLeaf that is left out lets exactly one of these through.
it.each<[string, Claims]>([
  ['a certificate of another account', { certificate: { accountId: randomBytes(16) } }],
  ['a certificate of another device', { certificate: { deviceId: randomBytes(16) } }],
  ['a certificate for another suite', { certificate: { suite: 1 } }],
  ['a certificate that the list does not name', { entry: { certificateHash: randomBytes(32) } }],
  ['another key in the list', { entry: { signatureKey: randomBytes(32) } }],
  ['a credential of another certificate', { credential: { certificateHash: randomBytes(32) } }],
  ['a leaf with another key', { leafKey: randomBytes(32) }],
])('P33 mistake 9: %s is refused', (_, claims) => {
  expect(judge({})).toBe('passed')
  expect(judge(claims)).toBe('IDENTITY_CERTIFICATE_MISMATCH')
})
