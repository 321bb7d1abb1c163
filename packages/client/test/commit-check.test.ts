import {
  type CommitRequest,
  type Crypto,
  type DeviceState,
  encodeCredential,
  type StagedCommitMessage,
} from '@entangle/crypto'
import {
  type AccountId,
  encodeGroupData,
  type GroupData,
  type ManagedGroup,
  type MessageId,
  readId,
} from '@entangle/protocol'
import { beforeAll, expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import { type ActiveConversation, newGroupChat } from '../src/chats/chat-record.ts'
import { assertCommit, membershipOf } from '../src/conversations/commit-check.ts'
import type { Draft, Room } from '../src/conversations/draft.ts'
import { type Leaver, newGroup, rolesOf } from '../src/groups/group-record.ts'
import { accountsIn, heldProposals } from '../src/groups/membership.ts'
import { newGroupState } from '../src/groups/state.ts'
import { IdentityMismatch } from '../src/identity/directory.ts'
import { ALL_FRESH, IdentityNeeded } from '../src/identity/leaf-check.ts'

let crypto: Crypto
beforeAll(async () => {
  crypto = await loadNodeCrypto()
})

const groupId = new Uint8Array(16).fill(42)
const conversationId = readId<ActiveConversation['conversationId']>(groupId)

type Device = {
  readonly accountId: AccountId
  readonly mls: DeviceState
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
}

function createDevice(fill: number): Device {
  const mls = crypto.openDeviceState([])
  const accountId = new Uint8Array(16).fill(fill)
  const credential = encodeCredential({
    accountId,
    deviceId: new Uint8Array(16).fill(fill + 100),
    certificateHash: new Uint8Array(32),
  })
  return { accountId: readId(accountId), mls, signatureKey: mls.createSignatureKey(), credential }
}

const packageOf = ({ mls, signatureKey, credential }: Device): Uint8Array => {
  const [made] = mls.createKeyPackages({ signatureKey, credential, count: 1, lastResort: false })
  if (made === undefined) throw new Error('no key package')
  return made.keyPackage
}

const data = (owners: Device[], admins: Device[] = []): ManagedGroup => ({
  kind: 'group',
  owners: new Set(owners.map(({ accountId }) => accountId)),
  admins: new Set(admins.map(({ accountId }) => accountId)),
  invites: new Set(),
})

/** Ann owns the group; Bob and Cleo are members, Cleo's is the view that is tested. */
function createTrio(groupData: (ann: Device, bob: Device) => GroupData) {
  const [ann, bob, cleo, stranger] = [createDevice(1), createDevice(2), createDevice(3), createDevice(4)]
  const { signatureKey, credential } = ann
  ann.mls.createGroup({ groupId, signatureKey, credential, groupData: encodeGroupData(groupData(ann, bob)) })
  const bundle = ann.mls.commit(groupId, { add: [packageOf(bob), packageOf(cleo)] })
  ann.mls.mergePendingCommit(groupId)
  for (const [index, device] of [bob, cleo].entries()) {
    device.mls.stageWelcome(bundle.welcomes[index]?.welcome ?? new Uint8Array(), bundle.ratchetTree)
    device.mls.acceptWelcome()
  }
  const leafOf = (device: Device): number =>
    ann.mls.groupMembers(groupId).findIndex(leaf => leaf.signatureKey.join() === device.signatureKey.join())
  return { ann, bob, cleo, stranger, leafOf }
}

const conversation: ActiveConversation = {
  phase: 'active',
  conversationId,
  cursor: 0,
  keys: [],
  commit: null,
  updateDueAt: null,
  sweepDueAt: null,
  strangers: [],
}

/** What a member makes of a commit that arrives. */
function judge(
  viewer: Device,
  roles: ManagedGroup,
  commit: Uint8Array,
  leaving: readonly Leaver[] = [],
  fresh: Room['trust']['fresh'] = ALL_FRESH,
): void {
  const group = { ...newGroup(newGroupState('Trio'), null), data: rolesOf(roles), leaving }
  const members = [...accountsIn(viewer.mls, conversationId)]
  const chat = newGroupChat(conversationId, { ...group, members }, 'accepted', 0)
  const draft = { chat, conversation } as unknown as Draft
  const context = {
    self: { ...viewer, deviceId: '' },
    contacts: { get: () => undefined, isGone: () => false },
    clock: { now: () => Date.now() },
  } as unknown as AccountContext
  const room = { context, mls: viewer.mls, trust: { fresh, followsDeparted: false } } as Room
  const proposals = heldProposals({ leaving }, 1)
  const staged = viewer.mls.processMessage(groupId, commit, proposals) as StagedCommitMessage
  expect(staged.kind).toBe('commit')
  assertCommit(room, draft, staged, membershipOf(room, draft, staged))
}

const build = ({ mls }: Device, request: CommitRequest): Uint8Array => mls.commit(groupId, request).commit

function breachOf(work: () => void): unknown {
  try {
    work()
    return 'passed'
  } catch (error) {
    if (!(error instanceof IdentityMismatch)) throw error
    return [error.accountId, error.cause]
  }
}

const ownedByAnn = (ann: Device) => data([ann])

test('P73 a plain member puts nobody out, and who did it is named', () => {
  const { ann, bob, cleo, leafOf } = createTrio(ownedByAnn)
  const commit = build(bob, { remove: [leafOf(ann)], groupData: encodeGroupData(data([])) })
  expect(breachOf(() => judge(cleo, data([ann]), commit))).toEqual([bob.accountId, 'ROLE_REQUIRED'])
})

test('P73 a plain member takes nobody in', () => {
  const { ann, bob, cleo, stranger } = createTrio(ownedByAnn)
  const commit = build(bob, { add: [packageOf(stranger)] })
  expect(breachOf(() => judge(cleo, data([ann]), commit))).toEqual([bob.accountId, 'ROLE_REQUIRED'])
})

test('P73 nobody takes a role, and no commit makes the group one of another kind', () => {
  const { ann, bob, cleo } = createTrio(ownedByAnn)
  const coup = build(bob, { groupData: encodeGroupData(data([ann, bob])) })
  expect(breachOf(() => judge(cleo, data([ann]), coup))).toEqual([bob.accountId, 'ROLE_REQUIRED'])
  const other = build(ann, { groupData: encodeGroupData({ kind: 'direct' }) })
  cleo.mls.discardStagedCommit(groupId)
  expect(breachOf(() => judge(cleo, data([ann]), other))).toEqual([ann.accountId, 'KIND_CHANGED'])
})

test('P73 an admin puts members out, and no owner', () => {
  const roles = (ann: Device, bob: Device) => data([ann], [bob])
  const { ann, bob, cleo, leafOf } = createTrio(roles)
  const commit = build(bob, { remove: [leafOf(ann)], groupData: encodeGroupData(data([], [bob])) })
  expect(breachOf(() => judge(cleo, roles(ann, bob), commit))).toEqual([bob.accountId, 'ROLE_REQUIRED'])
  const again = createTrio(roles)
  const allowed = build(again.bob, { remove: [again.leafOf(again.cleo)] })
  expect(breachOf(() => judge(again.ann, roles(again.ann, again.bob), allowed))).toBe('passed')
})

test('P73 P74 who leaves is put out by anybody, by reference, and kept by nobody', () => {
  const { ann, bob, cleo } = createTrio(ownedByAnn)
  const proposal = ann.mls.proposeSelfRemove(groupId)
  const [leaf] = ann.mls.groupMembers(groupId)
  const leaver: Leaver = {
    accountId: ann.accountId,
    deviceId: readId(leaf?.credential ?? new Uint8Array(65), 17),
    messageId: '' as MessageId,
    epoch: 1,
    proposal,
  }
  const pruned = encodeGroupData(data([]))
  const commit = build(bob, { proposals: [proposal], groupData: pruned })
  expect(breachOf(() => judge(cleo, data([ann]), commit, [leaver]))).toBe('passed')
  bob.mls.clearPendingCommit(groupId)
  cleo.mls.discardStagedCommit(groupId)
  const kept = build(bob, {})
  expect(breachOf(() => judge(cleo, data([ann]), kept, [leaver]))).toEqual([bob.accountId, 'LEAVER_KEPT'])
})

test('P33 whoever comes in is asked for before the commit is judged', () => {
  const { ann, cleo, stranger } = createTrio(ownedByAnn)
  const commit = build(ann, { add: [packageOf(stranger)] })
  const nobody = { has: () => false }
  expect(() => judge(cleo, data([ann]), commit, [], nobody)).toThrow(IdentityNeeded)
  cleo.mls.discardStagedCommit(groupId)
  // The directory knows no such account: its device is in no list.
  expect(breachOf(() => judge(cleo, data([ann]), commit))).toMatchObject([stranger.accountId, {}])
})
