import './no-code-generation.ts'

export { fromBase64Url, toBase64Url } from './base64url.ts'
export { bytesSchema } from './bytes-schema.ts'
export { decodeCbor, encodeCbor } from './cbor.ts'
export { clientNameOf } from './client-name.ts'
export {
  type ContentEvent,
  type EphemeralContent,
  encodeContent,
  ephemeralContentSchema,
  type GroupChangeEvent,
  groupChangeEventSchema,
  type InviteEvent,
  inviteEventSchema,
  type KnownEvent,
  knownEventSchema,
  parseContent,
  type ReceiptContent,
  receiptContentSchema,
  type SeenPlace,
  type TextEvent,
  textEventSchema,
} from './content.ts'
export { ERROR_CODES, ERRORS, type ErrorCode, errorCodeOfNumber, ProtocolError } from './errors.ts'
export {
  CLOSE,
  type ClientControl,
  clientControlSchema,
  encodeClientControl,
  encodeServerControl,
  parseClientControl,
  parseServerControl,
  type ServerControl,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
  serverControlSchema,
} from './frames/control-frames.ts'
export {
  ACK_BYTES,
  type AckFrame,
  DELIVER_HEADER_BYTES,
  type DeliverFrame,
  EVENT_KINDS,
  type EventKind,
  encodeAck,
  encodeDeliver,
  encodeSend,
  FRAME,
  FRAME_VERSION,
  type Place,
  parseAck,
  parseDeliver,
  parseSend,
  SEND_HEADER_BYTES,
  type SendFrame,
} from './frames/hot-frames.ts'
export { encodeGroupData, type GroupData, type ManagedGroup, parseGroupData } from './groups/group-data.ts'
export {
  type CommitBreach,
  type CommitFacts,
  findCommitBreach,
  isManager,
  mayRemove,
  prunedData,
  type Role,
  roleOf,
} from './groups/group-rules.ts'
export {
  encodeGroupState,
  type GroupState,
  groupNameSchema,
  groupPictureSchema,
  groupStateSchema,
  groupTopicSchema,
  inviteSecretSchema,
  parseGroupState,
} from './groups/group-state.ts'
export { leaverKept, namedLeavers } from './groups/leaver-kept.ts'
export {
  type AccountId,
  accountIdSchema,
  type ConversationId,
  conversationIdSchema,
  type DeviceId,
  deviceIdSchema,
  ID_BYTES,
  type InviteId,
  idToBytes,
  inviteIdSchema,
  type MessageId,
  messageIdSchema,
  readId,
  writeId,
} from './ids.ts'
export { LIMITS } from './limits.ts'
export {
  defineOperation,
  type ErrorBody,
  emptySchema,
  errorBodySchema,
  type Operation,
  type OperationAuth,
} from './operation.ts'
export type { Session } from './operations/auth.ts'
export type { ConversationHead, ConversationKind, LogEvent } from './operations/chat.ts'
export {
  type AccountSummary,
  displayNameSchema,
  handleSchema,
  type PublicIdentity,
  type SealedVault,
} from './operations/fields.ts'
export { OPERATIONS, type OperationName, type Operations } from './operations/index.ts'
