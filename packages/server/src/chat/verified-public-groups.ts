import {
  assertSameDevice,
  type MemberLeaf,
  type PublicCommit,
  type PublicGroup,
  type PublicGroupSource,
  parseCredential,
} from '@entangle/crypto/verify'
import { type ConversationId, idToBytes, ProtocolError, readId } from '@entangle/protocol'
import type { GroupEntry, GroupMember, PublicGroups, VerifiedCommit, VerifiedGroup } from './public-groups.ts'

function toMember(leaf: MemberLeaf): GroupMember {
  const credential = parseCredential(leaf.credential)
  return {
    accountId: readId(credential.accountId),
    deviceId: readId(credential.deviceId),
    signatureKey: leaf.signatureKey,
  }
}

/** Everybody in the tree; a device may have one leaf. */
function membersOf(group: PublicGroup): GroupMember[] {
  const members = group.members().map(toMember)
  if (new Set(members.map(member => member.deviceId)).size !== members.length) throw invalid()
  return members
}

const invalid = (cause?: unknown) => new ProtocolError('CHAT_COMMIT_INVALID', {}, { cause })

function orInvalid<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof ProtocolError ? cause : invalid(cause)
  }
}

function assertGroupId(group: PublicGroup, conversationId: ConversationId): void {
  if (!Buffer.from(group.groupId).equals(Buffer.from(idToBytes(conversationId)))) throw invalid()
}

export function createVerifiedPublicGroups(source: PublicGroupSource): PublicGroups {
  function withGroup<T>(group: PublicGroup, work: (group: PublicGroup) => T): T {
    try {
      return work(group)
    } finally {
      group.close()
    }
  }

  const verifyGroup = (
    conversationId: ConversationId,
    groupInfo: Uint8Array,
    tree: Uint8Array,
  ): VerifiedGroup =>
    withGroup(source.createPublicGroup(groupInfo, tree), group => {
      assertGroupId(group, conversationId)
      const entries = group
        .takeChanges()
        .flatMap(({ key, value }): GroupEntry[] => (value === null ? [] : [{ key, value }]))
      return { epoch: Number(group.epoch), members: membersOf(group), entries }
    })

  function stage(group: PublicGroup, commit: Uint8Array): PublicCommit {
    const processed = group.processHandshake(commit)
    if (processed.kind !== 'commit')
      throw invalid(processed.kind === 'failure' ? processed.detail : undefined)
    for (const { before, after } of processed.updated) assertSameDevice(before, after)
    return processed
  }

  function verifyCommit(
    conversationId: ConversationId,
    entries: readonly GroupEntry[],
    commit: Uint8Array,
    groupInfo: Uint8Array,
  ): VerifiedCommit {
    return withGroup(source.openPublicGroup(idToBytes(conversationId), entries), group => {
      const staged = stage(group, commit)
      group.mergeStagedCommit()
      const ratchetTree = group.exportRatchetTree()
      const next = verifyGroup(conversationId, groupInfo, ratchetTree)
      const newEpoch = Number(group.epoch)
      const sender = toMember(staged.sender)
      if (next.epoch !== newEpoch) throw invalid()
      return {
        newEpoch,
        sender,
        external: staged.external,
        // An external commit counts its sender among those it adds; here the sender stands apart.
        added: staged.added
          .map(toMember)
          .filter(member => !staged.external || member.deviceId !== sender.deviceId),
        removed: staged.removed.map(toMember),
        members: membersOf(group),
        ratchetTree,
        changes: group.takeChanges(),
      }
    })
  }

  return {
    verifyGroup: (conversationId, groupInfo, tree) =>
      orInvalid(() => verifyGroup(conversationId, groupInfo, tree)),
    verifyCommit: (conversationId, entries, commit, groupInfo) =>
      orInvalid(() => verifyCommit(conversationId, entries, commit, groupInfo)),
  }
}
