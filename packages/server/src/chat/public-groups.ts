import type { AccountId, ConversationId, DeviceId, GroupData, InviteId } from '@entangle/protocol'

/** A leaf of the ratchet tree and the device its credential names. The claim is checked against the directory. */
export type GroupMember = {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
}

export type GroupEntry = { readonly key: string; readonly value: Uint8Array }
export type GroupChange = { readonly key: string; readonly value: Uint8Array | null }

export type VerifiedGroup = {
  readonly epoch: number
  readonly data: GroupData
  readonly members: readonly GroupMember[]
  readonly entries: readonly GroupEntry[]
}

export type VerifiedCommit = {
  readonly newEpoch: number
  readonly sender: GroupMember
  /** Made by somebody outside of the group who joins by it. */
  readonly external: boolean
  /** Without the sender of an external commit. */
  readonly added: readonly GroupMember[]
  readonly removed: readonly GroupMember[]
  /** Everybody in the tree before and after the commit. */
  readonly membersBefore: readonly GroupMember[]
  readonly members: readonly GroupMember[]
  readonly dataBefore: GroupData
  /** Undefined where the commit leaves it alone. */
  readonly dataAfter: GroupData | undefined
  /** Links whose secret entered the key schedule. */
  readonly usedInvites: readonly InviteId[]
  readonly ratchetTree: Uint8Array
  readonly changes: readonly GroupChange[]
}

/**
 * A stored group, open in memory for whoever holds the conversation's lock. It ends with exactly one of `keep`
 * and `restore`.
 */
export type OpenGroup = {
  /** A commit on the group, with the GroupInfo it leads to; `proposals` are those it may refer to. */
  verifyCommit(commit: Uint8Array, groupInfo: Uint8Array, proposals: readonly Uint8Array[]): VerifiedCommit
  /** Who leaves by this proposal. */
  verifySelfRemove(proposal: Uint8Array): GroupMember
  /** What was verified is stored for good. */
  keep(): void
  /** Nothing was stored. */
  restore(): void
}

/**
 * A group as the delivery service sees it: tree, context and transcript, without any secret (RFC 9750, section 5).
 * What does not verify throws CHAT_COMMIT_INVALID.
 */
export type PublicGroups = {
  /** The first epoch of a conversation. */
  verifyGroup(conversationId: ConversationId, groupInfo: Uint8Array, ratchetTree: Uint8Array): VerifiedGroup
  /** The group as it is stored at that epoch. */
  open(
    conversationId: ConversationId,
    epoch: number,
    readEntries: () => Promise<readonly GroupEntry[]>,
  ): Promise<OpenGroup>
}
