/**
 * Every error a server can answer with. `status` is the HTTP status, `retry` says whether trying again
 * can help: `never` (the request is wrong), `later` (the same bytes may pass), `after-change` (something
 * named in the message has to be done first). `number` is the error's place in binary frames and never changes.
 */
type ErrorEntry = {
  readonly number: number
  readonly status: number
  readonly retry: 'never' | 'later' | 'after-change'
  readonly message: string
}

export const ERRORS = {
  REQUEST_MALFORMED: {
    number: 1,
    status: 400,
    retry: 'never',
    message: 'The request does not have the expected form.',
  },
  REQUEST_TOO_LARGE: {
    number: 2,
    status: 413,
    retry: 'never',
    message: 'The request is larger than this operation allows.',
  },
  REQUEST_UNSUPPORTED_TYPE: { number: 3, status: 415, retry: 'never', message: 'Send CBOR or JSON.' },
  ROUTE_NOT_FOUND: { number: 4, status: 404, retry: 'never', message: 'There is nothing at this address.' },
  RATE_LIMITED: {
    number: 5,
    status: 429,
    retry: 'later',
    message: 'Too many requests. Wait a moment and try again.',
  },
  SERVER_UNAVAILABLE: {
    number: 6,
    status: 503,
    retry: 'later',
    message: 'The server cannot answer right now.',
  },
  SERVER_ERROR: { number: 7, status: 500, retry: 'later', message: 'Something went wrong on the server.' },
  ORIGIN_REFUSED: {
    number: 8,
    status: 403,
    retry: 'never',
    message: 'This origin may not talk to the server.',
  },
  VERSION_UNSUPPORTED: {
    number: 9,
    status: 400,
    retry: 'after-change',
    message: 'This client is too old or too new for the server.',
  },

  AUTH_REQUIRED: { number: 20, status: 401, retry: 'after-change', message: 'Sign in first.' },
  AUTH_TOKEN_INVALID: {
    number: 21,
    status: 401,
    retry: 'after-change',
    message: 'The session is no longer valid.',
  },
  AUTH_CREDENTIALS_WRONG: {
    number: 22,
    status: 401,
    retry: 'after-change',
    message: 'The name or the password is wrong.',
  },
  AUTH_HANDLE_TAKEN: { number: 23, status: 409, retry: 'after-change', message: 'This name is taken.' },
  AUTH_DEVICE_LIMIT: {
    number: 24,
    status: 409,
    retry: 'after-change',
    message: 'This account has as many devices as it can have. Sign one of them out first.',
  },
  AUTH_LOGIN_EXPIRED: {
    number: 25,
    status: 409,
    retry: 'after-change',
    message: 'The sign-in took too long. Start again.',
  },
  AUTH_REFRESH_REUSED: {
    number: 26,
    status: 401,
    retry: 'after-change',
    message: 'This session was used from two places and has been closed. Sign in again.',
  },
  AUTH_REGISTRATION_CLOSED: {
    number: 27,
    status: 403,
    retry: 'after-change',
    message: 'This server takes new people by invitation only.',
  },
  AUTH_DEVICE_UNKNOWN: {
    number: 28,
    status: 401,
    retry: 'after-change',
    message: 'This device does not belong to the account any more.',
  },
  AUTH_DEVICE_PROOF_INVALID: {
    number: 29,
    status: 401,
    retry: 'never',
    message: 'The device could not prove its key.',
  },

  AUTH_RECOVERY_WRONG: {
    number: 30,
    status: 401,
    retry: 'after-change',
    message: 'The name or the recovery phrase is wrong.',
  },

  AUTH_RESET_WRONG: {
    number: 31,
    status: 401,
    retry: 'after-change',
    message: 'The name or the reset code is wrong, or the code has expired.',
  },

  KEYS_IDENTITY_INVALID: {
    number: 40,
    status: 400,
    retry: 'never',
    message: 'The account identity or its device list does not verify.',
  },
  KEYS_PACKAGE_INVALID: {
    number: 41,
    status: 400,
    retry: 'never',
    message: 'A key package does not verify or does not belong to this device.',
  },
  KEYS_PACKAGES_EXHAUSTED: {
    number: 42,
    status: 409,
    retry: 'later',
    message: 'The other person has no key package left right now.',
  },
  KEYS_LIST_STALE: {
    number: 43,
    status: 409,
    retry: 'after-change',
    message: 'A newer device list is already known.',
  },

  ACCOUNT_NOT_FOUND: { number: 60, status: 404, retry: 'never', message: 'Nobody has this name.' },
  ACCOUNT_GONE: { number: 61, status: 410, retry: 'never', message: 'This account was deleted.' },

  CHAT_CONVERSATION_NOT_FOUND: {
    number: 80,
    status: 404,
    retry: 'never',
    message: 'There is no such conversation for you.',
  },
  CHAT_DIRECT_EXISTS: {
    number: 81,
    status: 409,
    retry: 'after-change',
    message: 'You two already have a conversation.',
  },
  CHAT_EPOCH_STALE: {
    number: 82,
    status: 409,
    retry: 'after-change',
    message: 'The conversation has moved on to a later epoch.',
  },
  CHAT_COMMIT_INVALID: {
    number: 83,
    status: 400,
    retry: 'never',
    message: 'The commit does not verify against the public group.',
  },
  CHAT_NOT_MEMBER: {
    number: 84,
    status: 403,
    retry: 'never',
    message: 'This device is not a member of the conversation.',
  },
  CHAT_PEER_GONE: { number: 85, status: 410, retry: 'never', message: 'The other account was deleted.' },
  CHAT_MESSAGE_ID_REUSED: {
    number: 86,
    status: 409,
    retry: 'never',
    message: 'This message id was used for other bytes.',
  },
  CHAT_DEVICE_ROLLED_BACK: {
    number: 87,
    status: 409,
    retry: 'after-change',
    message: 'This device was restored from an older state and must not send.',
  },
  CHAT_WELCOME_NOT_FOUND: {
    number: 88,
    status: 404,
    retry: 'never',
    message: 'There is no such welcome for this device.',
  },
  CHAT_TICKET_INVALID: {
    number: 89,
    status: 401,
    retry: 'after-change',
    message: 'The connection ticket is used up or too old.',
  },
  CHAT_FRAME_INVALID: {
    number: 90,
    status: 400,
    retry: 'never',
    message: 'The frame does not have the expected form.',
  },
  CHAT_SLOW_CONSUMER: {
    number: 91,
    status: 503,
    retry: 'later',
    message: 'The connection could not keep up and was closed.',
  },
  CHAT_ARCHIVE_FULL: {
    number: 92,
    status: 409,
    retry: 'after-change',
    message: 'The account has no room left for more history.',
  },
  CHAT_STATE_FULL: {
    number: 93,
    status: 409,
    retry: 'after-change',
    message: 'The account has no room left for more settings.',
  },
  CHAT_STATE_STAMP_AHEAD: {
    number: 94,
    status: 409,
    retry: 'after-change',
    message: 'The clock of this device is ahead of the server.',
  },
  CHAT_ROLE_REQUIRED: {
    number: 95,
    status: 403,
    retry: 'never',
    message: 'Your role in this group does not allow that.',
  },
  CHAT_LEAVER_KEPT: {
    number: 96,
    status: 409,
    retry: 'after-change',
    message: 'Somebody has left the group and has to be taken out first.',
  },
  CHAT_INVITE_INVALID: {
    number: 97,
    status: 404,
    retry: 'never',
    message: 'This invite link is not valid any more.',
  },
  CHAT_GROUP_FULL: {
    number: 98,
    status: 409,
    retry: 'after-change',
    message: 'The group has as many members as it can have.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS
export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[]

const byNumber = new Map<number, ErrorCode>(ERROR_CODES.map(code => [ERRORS[code].number, code]))

/** The code behind a number in a binary frame; undefined for a number this version does not know. */
export const errorCodeOfNumber = (number: number): ErrorCode | undefined => byNumber.get(number)

/** An error with a stable code, on either side of the wire. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ErrorCode
  /** Facts that help the caller act (an existing conversation's id, seconds to wait). Never secrets or user text. */
  readonly details: Readonly<Record<string, string | number>>

  constructor(code: ErrorCode, details: Record<string, string | number> = {}, options?: { cause?: unknown }) {
    super(ERRORS[code].message, options)
    this.code = code
    this.details = details
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retry(): 'never' | 'later' | 'after-change' {
    return ERRORS[this.code].retry
  }
}
