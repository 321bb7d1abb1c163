import {
  assertSameDevice,
  type MemberLeaf,
  type PublicCommit,
  type PublicGroup,
  type PublicGroupSource,
  parseCredential,
} from '@entangle/crypto/verify'
import {
  type ConversationId,
  type GroupData,
  ID_BYTES,
  type InviteId,
  idToBytes,
  ProtocolError,
  parseGroupData,
  readId,
} from '@entangle/protocol'
import { createGroupCache, type LoadedGroup } from './group-cache.ts'
import type {
  GroupEntry,
  GroupMember,
  OpenGroup,
  PublicGroups,
  VerifiedCommit,
  VerifiedGroup,
} from './public-groups.ts'

const invalid = (cause?: unknown) => new ProtocolError('CHAT_COMMIT_INVALID', {}, { cause })

function orInvalid<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof ProtocolError ? cause : invalid(cause)
  }
}

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

function parseData(bytes: Uint8Array | null): GroupData {
  const data = bytes === null ? undefined : parseGroupData(bytes)
  if (data === undefined) throw invalid('group data')
  return data
}

function toInvite(id: Uint8Array): InviteId {
  if (id.length !== ID_BYTES) throw invalid('a pre-shared key of no link')
  return readId<InviteId>(id)
}

function assertGroupId(group: PublicGroup, conversationId: ConversationId): void {
  if (!Buffer.from(group.groupId).equals(Buffer.from(idToBytes(conversationId)))) throw invalid()
}

export function createVerifiedPublicGroups(source: PublicGroupSource): PublicGroups {
  const cache = createGroupCache()

  function verifyGroup(
    conversationId: ConversationId,
    groupInfo: Uint8Array,
    tree: Uint8Array,
  ): VerifiedGroup {
    const group = source.createPublicGroup(groupInfo, tree)
    try {
      assertGroupId(group, conversationId)
      const entries = group
        .takeChanges()
        .flatMap(({ key, value }): GroupEntry[] => (value === null ? [] : [{ key, value }]))
      return {
        epoch: Number(group.epoch),
        data: parseData(group.groupData),
        members: membersOf(group),
        entries,
      }
    } finally {
      group.close()
    }
  }

  function stage(group: PublicGroup, commit: Uint8Array, proposals: readonly Uint8Array[]): PublicCommit {
    const processed = group.processHandshake(commit, proposals)
    if (processed.kind !== 'commit')
      throw invalid(processed.kind === 'failure' ? processed.detail : undefined)
    for (const { before, after } of processed.updated) assertSameDevice(before, after)
    return processed
  }

  function verifyCommit(
    { group, members: membersBefore }: LoadedGroup,
    commit: Uint8Array,
    groupInfo: Uint8Array,
    proposals: readonly Uint8Array[],
  ): VerifiedCommit {
    const dataBefore = parseData(group.groupData)
    const staged = stage(group, commit, proposals)
    group.mergeStagedCommit()
    group.verifyGroupInfo(groupInfo, staged.sender.leafIndex)
    const sender = toMember(staged.sender)
    return {
      newEpoch: Number(group.epoch),
      sender,
      external: staged.external,
      // An external commit counts its sender among those it adds; here the sender stands apart.
      added: staged.added
        .map(toMember)
        .filter(member => !staged.external || member.deviceId !== sender.deviceId),
      removed: staged.removed.map(toMember),
      membersBefore,
      members: membersOf(group),
      dataBefore,
      dataAfter: staged.groupData === null ? undefined : parseData(staged.groupData),
      usedInvites: staged.preSharedKeyIds.map(toInvite),
      ratchetTree: group.exportRatchetTree(),
      changes: group.takeChanges(),
    }
  }

  function load(conversationId: ConversationId, entries: readonly GroupEntry[]): LoadedGroup {
    const group = source.openPublicGroup(idToBytes(conversationId), entries)
    return { group, members: membersOf(group) }
  }

  function verifySelfRemove(group: PublicGroup, proposal: Uint8Array): GroupMember {
    const processed = group.processHandshake(proposal)
    if (processed.kind === 'commit') group.discardStagedCommit()
    if (processed.kind !== 'self-remove') throw invalid()
    return toMember(processed.sender)
  }

  return {
    verifyGroup: (conversationId, groupInfo, tree) =>
      orInvalid(() => verifyGroup(conversationId, groupInfo, tree)),

    async open(conversationId, epoch, readEntries) {
      const loaded = cache.take(conversationId, epoch) ?? load(conversationId, await readEntries())
      const { group } = loaded
      let membersAfter = loaded.members
      const open: OpenGroup = {
        verifyCommit(commit, groupInfo, proposals) {
          const verified = orInvalid(() => verifyCommit(loaded, commit, groupInfo, proposals))
          membersAfter = verified.members
          return verified
        },
        verifySelfRemove: proposal => orInvalid(() => verifySelfRemove(group, proposal)),
        keep() {
          group.accept()
          cache.put(conversationId, { group, members: membersAfter })
        },
        restore() {
          try {
            group.discard()
            cache.put(conversationId, loaded)
          } catch {
            // What failed before is what the caller has to hear of.
            group.close()
          }
        },
      }
      return open
    },
  }
}
