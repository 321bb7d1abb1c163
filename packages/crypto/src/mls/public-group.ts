import type {
  CommitSummary,
  MemberLeaf,
  MessageFailure,
  SelfRemoveMessage,
  StateChange,
  StateEntry,
} from './types.ts'

/** A commit that the public group verified as far as the public state allows. */
export interface PublicCommit extends CommitSummary {
  readonly kind: 'commit'
}

export type PublicProcessed = PublicCommit | SelfRemoveMessage | MessageFailure

/**
 * A group as somebody without its secrets sees it (the delivery service): tree, context and transcript.
 * It verifies signatures, paths, tree hash and transcript; it cannot check confirmation and membership
 * tags, members do. Changes are handed out as those of {@link DeviceState}.
 */
export interface PublicGroup {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly groupData: Uint8Array | null
  members(): MemberLeaf[]
  exportRatchetTree(): Uint8Array
  /** `proposals`: SelfRemove messages of this epoch that the commit may refer to. Commits are only staged. */
  processHandshake(message: Uint8Array, proposals?: readonly Uint8Array[]): PublicProcessed
  mergeStagedCommit(): void
  /**
   * Accepts a GroupInfo of the present epoch: same context and confirmation tag, signed by that leaf, with external_pub.
   * Verifies no leaf of the tree again, lifetimes neither. Throws CRYPTO_GROUP_INFO_INVALID, CRYPTO_MALFORMED.
   */
  verifyGroupInfo(groupInfo: Uint8Array, signerLeafIndex: number): void
  discardStagedCommit(): void
  takeChanges(): StateChange[]
  accept(): void
  discard(): void
  close(): void
}

/** Ways to a {@link PublicGroup}. */
export interface PublicGroupSource {
  /** Verifies a GroupInfo against a tree (RFC 9420 section 12.4.3.1). Lifetimes of leaves that were never updated
   * are checked (OpenMLS offers no other way): create it when the group is created, and keep its entries. */
  createPublicGroup(groupInfo: Uint8Array, ratchetTree: Uint8Array): PublicGroup
  /** From stored entries (all keys `g/<groupId hex>/…` of this group). */
  openPublicGroup(groupId: Uint8Array, entries: Iterable<StateEntry>): PublicGroup
}
