import type {
  CommitBundle,
  GeneratedKeyPackage,
  GroupStatus,
  MemberLeaf,
  ProcessedMessage,
  StagedWelcome,
  StateChange,
  StateEntry,
} from './types.ts'

export interface GroupCreation {
  /** 16 random bytes. */
  readonly groupId: Uint8Array
  /** Public signature key of this device, from `createSignatureKey`. */
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
  /** Opaque content of the group data extension (roles). Every member agrees on it; the server can read it. */
  readonly groupData: Uint8Array
}

/** What one commit shall do. With no field set it is a self-update (RFC 9420 section 12.4, always with a path). */
export interface CommitRequest {
  /** Key packages to add, MLSMessage bytes. Their lifetimes are checked. */
  readonly add?: readonly Uint8Array[]
  /** Leaf indices to remove. */
  readonly remove?: readonly number[]
  /** SelfRemove messages received in this epoch (PublicMessage bytes). */
  readonly proposals?: readonly Uint8Array[]
  /** Replaces the group data extension. */
  readonly groupData?: Uint8Array
}

export interface ExternalJoin {
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
  /** MLSMessage(GroupInfo) bytes. */
  readonly groupInfo: Uint8Array
  readonly ratchetTree: Uint8Array
  /** Id of a pre-shared key given by `storePreSharedKey` (invite link); enters the commit as an external PSK. */
  readonly preSharedKeyId?: Uint8Array
}

/**
 * The MLS state of one device, as keyed entries that the host stores.
 *
 * Life of a change: call operations; `takeChanges()`; write the changes in ONE transaction together with
 * whatever belongs to them (message, outbox row, cursor); then `accept()`. If the write fails, or the
 * operation turned out to be unwanted, `discard()`: every group is as it was at the last `accept()`.
 * Operations between `takeChanges()` and `accept()` are allowed; they belong to the next change set.
 *
 * An operation that throws, or answers `failure`, leaves no change behind.
 * One writer only: never open the same entries in two live DeviceState objects.
 */
export interface DeviceState {
  /**
   * Loads stored entries (the base). Keys start with their scope: `g/<groupId hex>/` a group, `k/` a key
   * package, `s/` a signature key, `e/` an encryption key pair, `p/` a pre-shared key. A group can be loaded
   * lazily, whole; `s/`, `k/`, `e/` and `p/` are small and are loaded at start.
   */
  loadEntries(entries: Iterable<StateEntry>): void
  /** Forgets the accepted entries of a group in memory (not in the host's store). Fails with changes outstanding. */
  unloadGroup(groupId: Uint8Array): void
  /** All changes since the last `accept()`, at most one for each key, none that leaves the bytes as they were. */
  takeChanges(): StateChange[]
  /** Confirms that the changes last taken are stored. */
  accept(): void
  /** Drops every change that was not accepted, and everything staged. */
  discard(): void
  /** Frees the memory. The object must not be used afterwards. */
  close(): void

  /** New Ed25519 key pair for this device; returns the public key (32 bytes). */
  createSignatureKey(): Uint8Array
  deleteSignatureKey(signatureKey: Uint8Array): void
  /** Ed25519 over a label and a message, never mistakable for an MLS signature. 64 bytes. */
  signWithDeviceKey(signatureKey: Uint8Array, label: string, message: Uint8Array): Uint8Array

  /** Key packages with a lifetime of 90 days. The private parts are state entries: store before publishing. */
  createKeyPackages(request: {
    readonly signatureKey: Uint8Array
    readonly credential: Uint8Array
    readonly count: number
    readonly lastResort: boolean
  }): GeneratedKeyPackage[]
  deleteKeyPackage(ref: Uint8Array): void
  /** References of the key packages whose private parts are loaded. */
  listKeyPackageRefs(): Uint8Array[]

  createGroup(request: GroupCreation): GroupStatus
  /** The state of a loaded group, or null when no entry of it is loaded. */
  groupStatus(groupId: Uint8Array): GroupStatus | null
  /** Members in the order of their leaf indices. */
  groupMembers(groupId: Uint8Array): MemberLeaf[]
  /** MLS exporter (RFC 9420 section 8.5) of the current epoch. */
  exportSecret(groupId: Uint8Array, label: string, context: Uint8Array, lengthBytes: number): Uint8Array
  /** The same for the epoch that the pending commit leads to: what a joiner will derive once it is in. */
  exportPendingSecret(
    groupId: Uint8Array,
    label: string,
    context: Uint8Array,
    lengthBytes: number,
  ): Uint8Array
  /** Current GroupInfo (external_pub, no tree), MLSMessage bytes. */
  exportGroupInfo(groupId: Uint8Array): Uint8Array
  exportRatchetTree(groupId: Uint8Array): Uint8Array
  /** Deletes everything of the group, past epochs included. */
  deleteGroup(groupId: Uint8Array): void
  /** Deletes the keys of past epochs that ended before the given time; the host's timer calls it. */
  deletePastEpochs(groupId: Uint8Array, endedBeforeMs: number): void

  /**
   * Builds a commit and leaves it pending. The pending commit is part of the state: it survives a reload.
   * Then `mergePendingCommit` after the service accepted it, `clearPendingCommit` after it refused.
   */
  commit(groupId: Uint8Array, request: CommitRequest): CommitBundle
  mergePendingCommit(groupId: Uint8Array): GroupStatus
  clearPendingCommit(groupId: Uint8Array): void
  /** PublicMessage bytes of a SelfRemove proposal (draft-ietf-mls-extensions). Stores nothing. */
  proposeSelfRemove(groupId: Uint8Array): Uint8Array

  /** PrivateMessage bytes. `authenticatedData` is readable by the server and bound to the message. */
  encrypt(groupId: Uint8Array, plaintext: Uint8Array, authenticatedData: Uint8Array): Uint8Array
  /**
   * Opens one message. `proposals`: the SelfRemove messages of this epoch that are still held.
   * A commit is only staged. Hostile bytes give `failure`, never an exception.
   * `acceptedAtMs`: when the service accepted the message (milliseconds since 1970). Give it when catching up:
   * lifetimes of added key packages are judged by it, and they may have expired since. The present unless told.
   */
  processMessage(
    groupId: Uint8Array,
    message: Uint8Array,
    proposals?: readonly Uint8Array[],
    acceptedAtMs?: number,
  ): ProcessedMessage
  mergeStagedCommit(groupId: Uint8Array): GroupStatus
  discardStagedCommit(groupId: Uint8Array): void

  /** The pre-shared key of an invite link, needed to build or to process an external commit that uses it. */
  storePreSharedKey(id: Uint8Array, secret: Uint8Array): void
  deletePreSharedKey(id: Uint8Array): void

  /** References of the key packages a Welcome is for, so that the host can load `k/<ref hex>`. */
  welcomeKeyPackageRefs(welcome: Uint8Array): Uint8Array[]
  /**
   * Verifies a Welcome against the tree. Lifetimes of other members' leaves are not checked: one expired
   * leaf must not stop a joiner. Follow with `acceptWelcome` or `discard()`.
   */
  stageWelcome(welcome: Uint8Array, ratchetTree: Uint8Array): StagedWelcome
  acceptWelcome(): GroupStatus
  /**
   * Joins by external commit. OpenMLS merges at once, so call it on a scratch state (only `s/…` loaded), check
   * `groupMembers` there before sending, and keep its changes back until the service accepted the commit. Then, in
   * one write, replace all entries `g/<groupId hex>/…` by the scratch state's, and here `unloadGroup`, `loadEntries`.
   * A leaf with the same signature key is removed by the same commit. Lifetimes of others are not checked.
   */
  joinByExternalCommit(request: ExternalJoin): CommitBundle
}
