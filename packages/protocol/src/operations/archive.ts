import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { conversationIdSchema, deviceIdSchema, messageIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'
import { defineOperation, emptySchema } from '../operation.ts'
import { seqSchema } from './fields.ts'

/** A decrypted event, sealed under the account's archive key; conversation and message id are bound to it. */
const archiveRecordSchema = z.strictObject({
  messageId: messageIdSchema,
  seq: seqSchema,
  /** Which archive key sealed it; the key changes when a device is removed. */
  keyVersion: z.number().int().nonnegative(),
  sealed: bytesSchema({ atMost: LIMITS.archiveRecordBytes }),
})
export type ArchiveRecord = z.infer<typeof archiveRecordSchema>

export const writeArchive = defineOperation({
  name: 'writeArchive',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/conversations/:conversationId/archive',
  auth: 'device',
  summary:
    'Adds sealed records to the archive of this account. A message that is there already stays as it is.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    records: z.array(archiveRecordSchema).min(1).max(LIMITS.archiveRecordsPerPage),
  }),
  response: emptySchema,
  errors: ['CHAT_CONVERSATION_NOT_FOUND', 'CHAT_ARCHIVE_FULL', 'RATE_LIMITED'],
  bodyLimitBytes: 4 * 1024 * 1024,
})

export const readArchive = defineOperation({
  name: 'readArchive',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/conversations/:conversationId/archive',
  auth: 'device',
  summary: 'Sealed records of this account below a sequence number, newest first.',
  request: z.strictObject({
    conversationId: conversationIdSchema,
    before: z.coerce.number().int().nonnegative(),
    limit: z.coerce.number().int().min(1).max(LIMITS.archiveRecordsPerPage).optional(),
  }),
  response: z.object({ records: z.array(archiveRecordSchema), hasMore: z.boolean() }),
  errors: ['CHAT_CONVERSATION_NOT_FOUND'],
})

/** One setting of the account. The key is a keyed hash of its name, the value is sealed under an account key. */
const stateEntryFields = {
  key: bytesSchema({ exactly: 32 }),
  /** Hybrid logical time of the writing, milliseconds × 2^8 + counter. The higher (stamp, device) wins. */
  stamp: z.number().int().nonnegative(),
  sealed: bytesSchema({ atMost: LIMITS.accountStateBytes }),
}

export const writeAccountState = defineOperation({
  name: 'writeAccountState',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/state',
  auth: 'device',
  summary:
    'Writes entries of the account state; of two writings of one key the one with the higher (stamp, device) stays.',
  request: z.strictObject({
    entries: z.array(z.strictObject(stateEntryFields)).min(1).max(LIMITS.accountStateEntriesPerPage),
  }),
  response: z.object({
    /** The newest revision before this writing, and with it. */
    previous: z.number().int().nonnegative(),
    revision: z.number().int().nonnegative(),
  }),
  errors: ['CHAT_STATE_FULL', 'CHAT_STATE_STAMP_AHEAD', 'RATE_LIMITED'],
  bodyLimitBytes: 4 * 1024 * 1024,
})

export const readAccountState = defineOperation({
  name: 'readAccountState',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/state',
  auth: 'device',
  summary: 'Entries of the account state changed after a revision, oldest change first.',
  request: z.strictObject({ after: z.coerce.number().int().nonnegative() }),
  response: z.object({
    entries: z.array(
      z.object({ ...stateEntryFields, deviceId: deviceIdSchema, revision: z.number().int().nonnegative() }),
    ),
    revision: z.number().int().nonnegative(),
    hasMore: z.boolean(),
  }),
  errors: [],
})

export const sendDeviceLetters = defineOperation({
  name: 'sendDeviceLetters',
  service: 'chat',
  method: 'POST',
  path: '/v1/chat/letters',
  auth: 'device',
  summary:
    'Leaves sealed letters for other devices of this account, until they settle them. What is for no active device of the account is dropped; of too many for one device the oldest go.',
  request: z.strictObject({
    letters: z
      .array(
        z.strictObject({
          deviceId: deviceIdSchema,
          letter: bytesSchema({ atMost: LIMITS.deviceLetterBytes }),
        }),
      )
      .min(1)
      .max(LIMITS.devicesPerAccount),
  }),
  response: emptySchema,
  errors: ['RATE_LIMITED'],
  bodyLimitBytes: 2 * 1024 * 1024,
})

const letterIdSchema = z.number().int().nonnegative()

export const listDeviceLetters = defineOperation({
  name: 'listDeviceLetters',
  service: 'chat',
  method: 'GET',
  path: '/v1/chat/letters',
  auth: 'device',
  summary: 'The letters that wait for this device, oldest first.',
  request: emptySchema,
  response: z.object({
    letters: z.array(
      z.object({ letterId: letterIdSchema, letter: bytesSchema({ atMost: LIMITS.deviceLetterBytes }) }),
    ),
  }),
  errors: [],
})

export const settleDeviceLetter = defineOperation({
  name: 'settleDeviceLetter',
  service: 'chat',
  method: 'DELETE',
  path: '/v1/chat/letters/:letterId',
  auth: 'device',
  summary: 'The device has stored what the letter says, or refuses it; it is not given out again.',
  request: z.strictObject({ letterId: z.coerce.number().int().nonnegative() }),
  response: emptySchema,
  errors: [],
})
