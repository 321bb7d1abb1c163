/** Sizes and counts that both sides enforce. Sizes in bytes, times in milliseconds. */
export const LIMITS = {
  /** One WebSocket frame. Anything larger goes over HTTP. */
  frameBytes: 64 * 1024,
  /** The encrypted body of one message inside a SEND frame (frame less header, rounded down). */
  messageBodyBytes: 60 * 1024,
  /** The text of one message, in UTF-8. */
  messageTextBytes: 16 * 1024,
  /** An ordinary HTTP body. */
  httpBodyBytes: 256 * 1024,
  /** Handshakes, trees and GroupInfo. */
  handshakeBytes: 16 * 1024 * 1024,
  handleLength: { min: 3, max: 32 },
  displayNameLength: 64,
  passwordLength: { min: 8, max: 256 },
  keyPackagePool: 50,
  keyPackageRefillBelow: 20,
  keyPackageBytes: 8 * 1024,
  keyPackageLifetimeMs: 90 * 24 * 3600 * 1000,
  receiptBytes: 512,
  ephemeralBytes: 512,
  vaultBytes: 16 * 1024,
  deviceListBytes: 256 * 1024,
  /** Earlier device lists in one answer. */
  deviceListHistory: 64,
  /** Changes of the account key that an identity shows. */
  successions: 8,
  eventsPerPage: 256,
  /** Accounts in a group. */
  groupMembers: 1000,
  /** Owners, and as many admins. */
  groupManagers: 64,
  groupInvites: 8,
  /** Devices added by one commit. */
  addsPerCommit: 256,
  groupNameLength: 64,
  groupTopicLength: 512,
  groupPictureBytes: 10 * 1024,
  /** A group's sealed state for somebody who comes in: padded to 16 KiB, and its seal. */
  snapshotBytes: 16 * 1024 + 64,
  /** In larger groups nobody is told who has read or is typing. */
  receiptMembers: 50,
  /** Accounts in one question to a directory. */
  accountsPerRequest: 100,
  devicesPerAccount: 16,
  archiveRecordBytes: 64 * 1024,
  archiveRecordsPerPage: 256,
  /** One sealed entry: padded to 16 KiB, and its seal. */
  accountStateBytes: 16 * 1024 + 64,
  accountStateEntriesPerPage: 512,
  /** What one device of an account tells another, sealed for it alone. */
  deviceLetterBytes: 64 * 1024,
  /** Letters that wait for one device; the oldest go. */
  lettersPerDevice: 32,
  accessTokenLifetimeMs: 10 * 60 * 1000,
  refreshTokenLifetimeMs: 90 * 24 * 3600 * 1000,
  ticketLifetimeMs: 30 * 1000,
  /** Past epochs from which application messages are still accepted. */
  pastEpochs: 2,
  pingIntervalMs: 25_000,
  headCheckIntervalMs: { min: 30_000, max: 60_000 },
} as const
