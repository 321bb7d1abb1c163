import type { CryptoErrorCode } from '../errors.ts'

/** One entry of the device's state as the host stores it. Keys are short ASCII strings, see `docs/decisions/0002`. */
export interface StateEntry {
  readonly key: string
  readonly value: Uint8Array
}

/** A change that the host must write; `value` null deletes the key. */
export interface StateChange {
  readonly key: string
  readonly value: Uint8Array | null
}

/** What a leaf of the ratchet tree says about its member (RFC 9420 section 7.2). Not yet checked against any directory. */
export interface MemberLeaf {
  readonly leafIndex: number
  /** The content of the basic credential: see `identity/credential.ts`. */
  readonly credential: Uint8Array
  /** Ed25519 public key, 32 bytes. */
  readonly signatureKey: Uint8Array
}

/** A leaf that a commit replaces: `before` and `after` must belong to the same account and device. */
export interface LeafUpdate {
  readonly before: MemberLeaf
  readonly after: MemberLeaf
}

/** Welcome for exactly one joiner (RFC 9420 section 12.4.3.1): only this joiner's encrypted group secrets. */
export interface JoinerWelcome {
  /** Reference of the key package that was added, 48 bytes. */
  readonly keyPackageRef: Uint8Array
  /** MLSMessage bytes. */
  readonly welcome: Uint8Array
}

/** What a commit sends to the delivery service. Nothing of it may be applied before the service has accepted it. */
export interface CommitBundle {
  /** MLSMessage(PublicMessage) bytes. */
  readonly commit: Uint8Array
  /** One for each added key package, in the order they were given. */
  readonly welcomes: readonly JoinerWelcome[]
  /** MLSMessage(GroupInfo) of the new epoch, with external_pub and without ratchet_tree. */
  readonly groupInfo: Uint8Array
  /** The new epoch's ratchet tree (RFC 9420 section 12.4.3.3), transported apart. */
  readonly ratchetTree: Uint8Array
  readonly newEpoch: bigint
  /** Epoch authenticator of the new epoch (RFC 9420 section 8.7), 48 bytes. */
  readonly epochAuthenticator: Uint8Array
}

/** What a commit does, known before it is merged. */
export interface CommitSummary {
  /** The committer after the commit. For an external commit it is the new leaf. */
  readonly sender: MemberLeaf
  readonly external: boolean
  /** New leaves, that of an external committer included. */
  readonly added: readonly MemberLeaf[]
  readonly removed: readonly MemberLeaf[]
  /** Changed leaves: the committer's own, replaced by every commit with a path. */
  readonly updated: readonly LeafUpdate[]
  /** Of `removed`, the leaves that left by SelfRemove. */
  readonly selfRemovedLeaves: readonly number[]
  /** Ids of the external pre-shared keys that entered the key schedule. Only external commits have any. */
  readonly preSharedKeyIds: readonly Uint8Array[]
  readonly newEpoch: bigint
  /** New content of the group data extension, or null if the commit leaves it alone. */
  readonly groupData: Uint8Array | null
}

/** Decrypted application message. Sender and authenticated data are authenticated by MLS. */
export interface ApplicationMessage {
  readonly kind: 'application'
  readonly plaintext: Uint8Array
  readonly authenticatedData: Uint8Array
  /** For a message of a past epoch whose sender has changed or left since, `signatureKey` is empty. */
  readonly sender: MemberLeaf
  readonly epoch: bigint
}

/** A verified commit that waits for `mergeStagedCommit` or `discardStagedCommit`. */
export interface StagedCommitMessage extends CommitSummary {
  readonly kind: 'commit'
  /** Epoch authenticator after the merge; null when the commit removes this device. */
  readonly epochAuthenticator: Uint8Array | null
  readonly removesSelf: boolean
}

/** A valid SelfRemove. Not stored: keep its bytes and hand them in again as `proposals`. */
export interface SelfRemoveMessage {
  readonly kind: 'self-remove'
  readonly sender: MemberLeaf
  readonly epoch: bigint
}

/** The message was refused and the state is what it was before. */
export interface MessageFailure {
  readonly kind: 'failure'
  readonly code: CryptoErrorCode
  /** For logs; names no secret. */
  readonly detail: string
}

/** This device's own pending commit came back from the service: follow with `mergePendingCommit`. */
export interface OwnCommitMessage {
  readonly kind: 'own-commit'
}

export type ProcessedMessage =
  | ApplicationMessage
  | StagedCommitMessage
  | SelfRemoveMessage
  | OwnCommitMessage
  | MessageFailure

/** A Welcome that verified, before anything of it is stored: look at the members first, then accept. */
export interface StagedWelcome {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly sender: MemberLeaf
  readonly members: readonly MemberLeaf[]
  readonly groupData: Uint8Array | null
}

/** The public header of an MLSMessage, read without any key. */
export interface MessageHeader {
  readonly wireFormat: 'public-message' | 'private-message' | 'welcome' | 'group-info' | 'key-package'
  /** Null for wire formats that do not name a group in clear. */
  readonly groupId: Uint8Array | null
  readonly epoch: bigint | null
  readonly contentType: 'application' | 'proposal' | 'commit' | null
}

export interface GroupStatus {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly ownLeafIndex: number
  readonly active: boolean
  readonly hasPendingCommit: boolean
  readonly epochAuthenticator: Uint8Array
  readonly groupData: Uint8Array | null
}

export interface GeneratedKeyPackage {
  /** MLSMessage(KeyPackage) bytes. */
  readonly keyPackage: Uint8Array
  /** KeyPackageRef (RFC 9420 section 5.2), 48 bytes. */
  readonly ref: Uint8Array
  readonly lastResort: boolean
  /** End of the lifetime, milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** A key package whose signature, suite, capabilities and lifetime verified. */
export interface KeyPackageInfo {
  readonly ref: Uint8Array
  readonly credential: Uint8Array
  readonly signatureKey: Uint8Array
  readonly lastResort: boolean
  readonly suite: number
  readonly notBeforeMs: number
  readonly notAfterMs: number
}
