import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'

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
  readonly members: readonly GroupMember[]
  readonly entries: readonly GroupEntry[]
}

export type VerifiedCommit = {
  readonly newEpoch: number
  readonly sender: GroupMember
  /** Made by somebody outside of the group who joins by it. */
  readonly external: boolean
  readonly added: readonly GroupMember[]
  readonly removed: readonly GroupMember[]
  /** Everybody in the tree after the commit. */
  readonly members: readonly GroupMember[]
  readonly ratchetTree: Uint8Array
  readonly changes: readonly GroupChange[]
}

/** A group as the delivery service sees it: tree, context and transcript, without any secret (RFC 9750, section 5). */
export type PublicGroups = {
  /** The first epoch of a conversation. Throws CHAT_COMMIT_INVALID. */
  verifyGroup(conversationId: ConversationId, groupInfo: Uint8Array, ratchetTree: Uint8Array): VerifiedGroup
  /** A commit on the stored group, with the GroupInfo it leads to. Throws CHAT_COMMIT_INVALID. */
  verifyCommit(
    conversationId: ConversationId,
    entries: readonly GroupEntry[],
    commit: Uint8Array,
    groupInfo: Uint8Array,
  ): VerifiedCommit
}
