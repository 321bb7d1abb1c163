/**
 * Every code a {@link CryptoError} can carry. `retryable` says whether the same call can succeed later
 * without a change of its input (for example after missing state has been fetched).
 */
export const CRYPTO_ERRORS = {
  CRYPTO_MALFORMED: {
    retryable: false,
    meaning: 'The bytes are not a well-formed value of the expected type.',
  },
  CRYPTO_INVALID_ARGUMENT: {
    retryable: false,
    meaning: 'An argument has the wrong length or is out of range.',
  },
  CRYPTO_INSTANCE_LOST: {
    retryable: true,
    meaning: 'The WebAssembly instance trapped; its objects are gone. Reopen the state from stored entries.',
  },
  CRYPTO_STATE_MISSING: { retryable: true, meaning: 'A state entry that the call needs is not loaded.' },
  CRYPTO_STATE_CORRUPT: { retryable: false, meaning: 'A state entry cannot be decoded.' },
  CRYPTO_GROUP_UNKNOWN: { retryable: true, meaning: 'No state of this group is loaded.' },
  CRYPTO_GROUP_EXISTS: { retryable: false, meaning: 'State of this group already exists.' },
  CRYPTO_GROUP_INACTIVE: { retryable: false, meaning: 'This device has been removed from the group.' },
  CRYPTO_WRONG_GROUP: { retryable: false, meaning: 'The message belongs to another group.' },
  CRYPTO_EPOCH_PAST: {
    retryable: false,
    meaning: 'The message is of an epoch whose keys are no longer kept.',
  },
  CRYPTO_EPOCH_FUTURE: { retryable: true, meaning: 'The message is of an epoch that is not reached yet.' },
  CRYPTO_OWN_MESSAGE: { retryable: false, meaning: 'The message was sent by this very leaf.' },
  CRYPTO_REPLAY: {
    retryable: false,
    meaning: 'The key of this generation is used up or too far in the past.',
  },
  CRYPTO_GENERATION_TOO_FAR: { retryable: false, meaning: 'The generation is too far in the future.' },
  CRYPTO_DECRYPT_FAILED: { retryable: false, meaning: 'The ciphertext does not open under the key.' },
  CRYPTO_SIGNATURE_INVALID: { retryable: false, meaning: 'A signature does not verify.' },
  CRYPTO_SENDER_UNKNOWN: { retryable: false, meaning: 'The sender is not a member of the group.' },
  CRYPTO_COMMIT_INVALID: {
    retryable: false,
    meaning: 'The commit breaks a rule of RFC 9420 or of Entangle.',
  },
  CRYPTO_COMMIT_PENDING: { retryable: true, meaning: 'A commit of this device awaits its outcome.' },
  CRYPTO_NO_PENDING_COMMIT: { retryable: false, meaning: 'There is no commit to merge or to clear.' },
  CRYPTO_NOTHING_STAGED: { retryable: false, meaning: 'Nothing is staged that could be merged or accepted.' },
  CRYPTO_PROPOSAL_REFUSED: {
    retryable: false,
    meaning: 'A standalone proposal other than SelfRemove, or an invalid one.',
  },
  CRYPTO_PROPOSAL_MISSING: {
    retryable: true,
    meaning: 'The commit refers to a proposal that was not supplied.',
  },
  CRYPTO_WELCOME_INVALID: {
    retryable: false,
    meaning: 'The Welcome, its GroupInfo or the tree does not verify.',
  },
  CRYPTO_NO_MATCHING_KEY_PACKAGE: { retryable: true, meaning: 'No loaded key package matches the Welcome.' },
  CRYPTO_GROUP_INFO_INVALID: {
    retryable: false,
    meaning: 'The GroupInfo or the ratchet tree does not verify.',
  },
  CRYPTO_KEY_PACKAGE_INVALID: {
    retryable: false,
    meaning: 'The key package breaks a rule of RFC 9420 or of Entangle.',
  },
  CRYPTO_KEY_PACKAGE_EXPIRED: {
    retryable: false,
    meaning: 'The lifetime of the key package does not cover the present.',
  },
  CRYPTO_UNSUPPORTED_SUITE: { retryable: false, meaning: 'The cipher suite is not the one Entangle uses.' },
  CRYPTO_MEMBER_UNKNOWN: { retryable: false, meaning: 'No member has this leaf index.' },
  CRYPTO_CHANGES_IN_FLIGHT: {
    retryable: true,
    meaning: 'Changes were taken and neither accepted nor discarded.',
  },
  CRYPTO_INTERNAL: {
    retryable: false,
    meaning: 'The library refused for a reason that has no code of its own.',
  },
  IDENTITY_MALFORMED: {
    retryable: false,
    meaning: 'A certificate, device list or credential is not well formed.',
  },
  IDENTITY_SIGNATURE_INVALID: {
    retryable: false,
    meaning: 'One of the two account signatures does not verify.',
  },
  IDENTITY_CERTIFICATE_EXPIRED: {
    retryable: false,
    meaning: 'The device certificate does not cover the present.',
  },
  IDENTITY_CERTIFICATE_MISMATCH: {
    retryable: false,
    meaning: 'Certificate, credential, list and leaf do not name the same device and key.',
  },
  IDENTITY_DEVICE_NOT_LISTED: {
    retryable: true,
    meaning: 'The device is not in the verified list; a newer list may name it.',
  },
  IDENTITY_LIST_ROLLBACK: { retryable: false, meaning: 'The list is older than the pinned one.' },
  IDENTITY_LIST_FORK: {
    retryable: false,
    meaning: 'Another list of the same version, or one that does not follow the pinned one.',
  },
  IDENTITY_LIST_GAP: {
    retryable: true,
    meaning: 'Versions between the pinned list and this one are missing.',
  },
  IDENTITY_OTHER_ACCOUNT: { retryable: false, meaning: 'The list is for another account.' },
  IDENTITY_OTHER_KEY: {
    retryable: false,
    meaning: 'The list is signed by another account key than the pinned one.',
  },
  VAULT_MALFORMED: { retryable: false, meaning: 'The vault is not well formed or of an unknown version.' },
  VAULT_WRONG_KEY: {
    retryable: false,
    meaning: 'The key or phrase does not open this vault, or it was altered.',
  },
  VAULT_PHRASE_INVALID: {
    retryable: false,
    meaning: 'Not twelve words of the list, or their check sum is wrong.',
  },
  SEAL_MALFORMED: { retryable: false, meaning: 'The sealed value is too short or of an unknown version.' },
  SEAL_OPEN_FAILED: {
    retryable: false,
    meaning: 'The sealed value, its additional data or the key is not the right one.',
  },
  PADDING_INVALID: { retryable: false, meaning: 'The padding is not the one padToBucket writes.' },
  PADDING_TOO_LARGE: { retryable: false, meaning: 'The content exceeds the largest bucket.' },
} as const satisfies Record<string, { readonly retryable: boolean; readonly meaning: string }>

/** A stable code: a key of {@link CRYPTO_ERRORS}. */
export type CryptoErrorCode = keyof typeof CRYPTO_ERRORS

/** The only error this package throws on purpose. `code` is stable, `message` is for logs and carries no secret. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode
  readonly retryable: boolean

  constructor(code: CryptoErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`)
    this.name = 'CryptoError'
    this.code = code
    this.retryable = CRYPTO_ERRORS[code].retryable
  }
}

/** Whether a string is a code of the catalogue. */
export function isCryptoErrorCode(value: string): value is CryptoErrorCode {
  return Object.hasOwn(CRYPTO_ERRORS, value)
}
