import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import {
  accountIdSchema,
  conversationIdSchema,
  deviceIdSchema,
  inviteIdSchema,
  messageIdSchema,
} from '../ids.ts'
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
  /** Of a direct conversation: accounts with a leaf in the tree, the caller's included. Empty for a group. */
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

/** The group's state (name, topic, picture, links), sealed under an exporter key of the epoch the joiners enter. */
const snapshotSchema = bytesSchema({ atMost: LIMITS.snapshotBytes })

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
    /** Of a direct conversation at least the other's. */
    welcomes: z.array(welcomeForDeviceSchema).max(LIMITS.addsPerCommit),
    snapshot: snapshotSchema.optional(),
  }),
  response: conversationHeadSchema,
  errors: ['CHAT_DIRECT_EXISTS', 'CHAT_COMMIT_INVALID', 'CHAT_PEER_GONE', 'CHAT_GROUP_FULL', 'RATE_LIMITED'],
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
  response: z.object({
    events: z.array(logEventSchema),
    lastSeq: seqSchema,
    /** Where the log begins for this device: the place at which its present leaf came in. */
    beginsAfter: seqSchema,
  }),
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
    welcomes: z.array(welcomeForDeviceSchema).max(LIMITS.addsPerCommit),
    groupInfo: handshakeBytes,
    snapshot: snapshotSchema.optional(),
    /** The link by which somebody who is no member comes in; its secret is in the commit as a pre-shared key. */
    invite: inviteIdSchema.optional(),
  }),
  response: z.object({ seq: seqSchema, epoch: epochSchema, serverTime: timeMsSchema }),
  errors: [
    'CHAT_EPOCH_STALE',
    'CHAT_COMMIT_INVALID',
    'CHAT_CONVERSATION_NOT_FOUND',
    'CHAT_NOT_MEMBER',
    'CHAT_ROLE_REQUIRED',
    'CHAT_LEAVER_KEPT',
    'CHAT_INVITE_INVALID',
    'CHAT_GROUP_FULL',
  ],
  bodyLimitBytes: LIMITS.handshakeBytes,
})

export const leaveConversation = defineOperation({
  name: 'leaveConversation',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/conversations/:conversationId/leave',
  auth: 'device',
  summary:
    'A SelfRemove of this device, by which its whole account leaves a group. Delivery to the account ends with it; a member that is online commits it. The same message id again gets the recorded outcome.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    messageId: messageIdSchema,
    epoch: epochSchema,
    proposal: bytesSchema({ atMost: 16 * 1024 }),
  }),
  response: z.object({ seq: seqSchema, serverTime: timeMsSchema }),
  errors: [
    'CHAT_EPOCH_STALE',
    'CHAT_COMMIT_INVALID',
    'CHAT_CONVERSATION_NOT_FOUND',
    'CHAT_NOT_MEMBER',
    'CHAT_LEAVER_KEPT',
  ],
})

export const writeInvite = defineOperation({
  name: 'writeInvite',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/conversations/:conversationId/invites/:inviteId',
  auth: 'device',
  summary:
    "The group's state sealed under the secret of an invite link that the group data names. Written again when the state changes; it ends when a commit takes the link out of the group data.",
  request: z.strictObject({
    conversationId: conversationIdSchema,
    inviteId: inviteIdSchema,
    sealed: snapshotSchema,
  }),
  response: emptySchema,
  errors: ['CHAT_INVITE_INVALID', 'CHAT_ROLE_REQUIRED', 'CHAT_CONVERSATION_NOT_FOUND'],
})

export const readInvite = defineOperation({
  name: 'readInvite',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/invites/:inviteId',
  auth: 'device',
  summary:
    'What the holder of an invite link needs to look at the group and to come in by an external commit: GroupInfo and tree of the current epoch, and the sealed state.',
  request: z.strictObject({ inviteId: inviteIdSchema }),
  response: z.object({
    conversationId: conversationIdSchema,
    epoch: epochSchema,
    lastSeq: seqSchema,
    groupInfo: handshakeBytes,
    ratchetTree: handshakeBytes,
    sealed: snapshotSchema,
  }),
  errors: ['CHAT_INVITE_INVALID', 'RATE_LIMITED'],
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
        snapshot: snapshotSchema.optional(),
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
