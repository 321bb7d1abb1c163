import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { accountIdSchema, conversationIdSchema, deviceIdSchema, messageIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'
import { defineOperation, emptySchema } from '../operation.ts'
import { epochSchema, seqSchema, timeMsSchema } from './fields.ts'

const handshakeBytes = bytesSchema({ atMost: LIMITS.handshakeBytes })

export const conversationKindSchema = z.enum(['direct', 'group'])
export type ConversationKind = z.infer<typeof conversationKindSchema>

/** What the server knows of a conversation, for one of its members. */
export const conversationHeadSchema = z.object({
  conversationId: conversationIdSchema,
  kind: conversationKindSchema,
  epoch: epochSchema,
  lastSeq: seqSchema,
  /** Accounts with a leaf in the tree, the caller's included. */
  members: z.array(accountIdSchema),
  /** Whether this very device has a leaf; a new device of a member account joins by external commit. */
  joined: z.boolean(),
})
export type ConversationHead = z.infer<typeof conversationHeadSchema>

/** One entry of a conversation's log. */
export const logEventSchema = z.object({
  seq: seqSchema,
  kind: z.enum(['application', 'commit', 'proposal']),
  /** The epoch the event was made in. */
  epoch: epochSchema,
  messageId: messageIdSchema,
  senderDevice: deviceIdSchema,
  serverTime: timeMsSchema,
  body: handshakeBytes,
})
export type LogEvent = z.infer<typeof logEventSchema>

/** A Welcome for one device; the tree it needs is fetched apart. */
const welcomeForDeviceSchema = z.strictObject({
  deviceId: deviceIdSchema,
  welcome: bytesSchema({ atMost: 64 * 1024 }),
})

export const createConversation = defineOperation({
  name: 'createConversation',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/conversations',
  auth: 'device',
  summary:
    'Registers a group that the caller has made and committed its first members to. For a direct conversation that exists already, the answer names it. Repeating it with the same id is harmless.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    kind: conversationKindSchema,
    groupInfo: handshakeBytes,
    ratchetTree: handshakeBytes,
    welcomes: z.array(welcomeForDeviceSchema).min(1).max(LIMITS.eventsPerPage),
  }),
  response: conversationHeadSchema,
  errors: ['CHAT_DIRECT_EXISTS', 'CHAT_COMMIT_INVALID', 'CHAT_PEER_GONE', 'RATE_LIMITED'],
  bodyLimitBytes: LIMITS.handshakeBytes,
})

export const listConversations = defineOperation({
  name: 'listConversations',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/conversations',
  auth: 'device',
  summary: 'Heads of all conversations of which the account is a member.',
  request: emptySchema,
  response: z.object({ conversations: z.array(conversationHeadSchema) }),
  errors: [],
})

export const readEvents = defineOperation({
  name: 'readEvents',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/conversations/:conversationId/events',
  auth: 'device',
  summary: 'Events after a sequence number, in order, contiguous.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    after: z.coerce.number().int().nonnegative(),
    limit: z.coerce.number().int().min(1).max(LIMITS.eventsPerPage).optional(),
  }),
  response: z.object({ events: z.array(logEventSchema), lastSeq: seqSchema }),
  errors: ['CHAT_CONVERSATION_NOT_FOUND'],
})

export const submitCommit = defineOperation({
  name: 'submitCommit',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/conversations/:conversationId/commits',
  auth: 'device',
  summary:
    'A commit bundle for the current epoch. The first to arrive wins; every other gets CHAT_EPOCH_STALE. The same message id again gets the recorded outcome.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    messageId: messageIdSchema,
    epoch: epochSchema,
    commit: handshakeBytes,
    welcomes: z.array(welcomeForDeviceSchema).max(1024),
    groupInfo: handshakeBytes,
  }),
  response: z.object({ seq: seqSchema, epoch: epochSchema, serverTime: timeMsSchema }),
  errors: ['CHAT_EPOCH_STALE', 'CHAT_COMMIT_INVALID', 'CHAT_CONVERSATION_NOT_FOUND', 'CHAT_NOT_MEMBER'],
  bodyLimitBytes: LIMITS.handshakeBytes,
})

export const readGroupInfo = defineOperation({
  name: 'readGroupInfo',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/conversations/:conversationId/group-info',
  auth: 'device',
  summary:
    'GroupInfo and ratchet tree of the current epoch, for a device of a member account that joins by external commit.',
  request: z.strictObject({ conversationId: conversationIdSchema }),
  response: z.object({
    epoch: epochSchema,
    lastSeq: seqSchema,
    groupInfo: handshakeBytes,
    ratchetTree: handshakeBytes,
  }),
  errors: ['CHAT_CONVERSATION_NOT_FOUND'],
})

export const listWelcomes = defineOperation({
  name: 'listWelcomes',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/welcomes',
  auth: 'device',
  summary: 'Welcomes waiting for this device, oldest first.',
  request: emptySchema,
  response: z.object({
    welcomes: z.array(
      z.object({
        conversationId: conversationIdSchema,
        kind: conversationKindSchema,
        epoch: epochSchema,
        /** The log begins for this device after this sequence number. */
        joinedSeq: seqSchema,
        welcome: handshakeBytes,
      }),
    ),
  }),
  errors: [],
})

export const readTree = defineOperation({
  name: 'readTree',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/conversations/:conversationId/trees/:epoch',
  auth: 'device',
  summary: 'The ratchet tree of an epoch for which a Welcome of this device waits, or of the current one.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    epoch: z.coerce.number().int().nonnegative(),
  }),
  response: z.object({ ratchetTree: handshakeBytes }),
  errors: ['CHAT_CONVERSATION_NOT_FOUND'],
})

export const settleWelcome = defineOperation({
  name: 'settleWelcome',
  service: 'chat',
  method: 'DELETE',
  path: '/v1/chat/welcomes/:conversationId/:epoch',
  auth: 'device',
  summary: 'The device has stored what the Welcome gave, or refuses it; it is not sent again.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    epoch: z.coerce.number().int().nonnegative(),
  }),
  response: emptySchema,
  errors: [],
})

export const issueTicket = defineOperation({
  name: 'issueTicket',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/tickets',
  auth: 'device',
  summary: 'A one-time ticket, good for 30 seconds, to open the WebSocket with.',
  request: emptySchema,
  response: z.object({ ticket: z.string() }),
  errors: ['RATE_LIMITED'],
})
