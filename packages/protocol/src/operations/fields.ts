import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { accountIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'

/** A handle is public, lower case, and safe in an address: it starts with a letter or digit. */
export const handleSchema = z
  .string()
  .min(LIMITS.handleLength.min)
  .max(LIMITS.handleLength.max)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'letters a–z, digits, dot, dash and underscore')

// Control characters and the marks that reorder text could disguise one name as another.
const UNSAFE_IN_NAME = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

export const displayNameSchema = z
  .string()
  .transform(name => name.normalize('NFC').trim())
  .refine(
    name => name.length >= 1 && name.length <= LIMITS.displayNameLength,
    `1–${LIMITS.displayNameLength} characters`,
  )
  .refine(name => !UNSAFE_IN_NAME.test(name), 'no control characters')

/** A message of OPAQUE (RFC 9807) as its library writes it: base64url text. */
export const opaqueMessageSchema = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[A-Za-z0-9_-]+$/)

export const timeMsSchema = z
  .number()
  .int()
  .nonnegative()
  .meta({ description: 'milliseconds since 1970, UTC' })
export const epochSchema = z.number().int().nonnegative().meta({ description: 'MLS epoch' })
export const seqSchema = z
  .number()
  .int()
  .nonnegative()
  .meta({ description: 'sequence number in the conversation' })

/** The vault key wrapped under one secret of the person. */
export const vaultWrapSchema = z.strictObject({
  kind: z.enum(['password', 'phrase']),
  wrapped: bytesSchema({ atMost: 512 }),
})

/** The account's secrets, sealed on the device; the server only keeps the bytes. Wraps may be inside `sealed`. */
export const vaultSchema = z.strictObject({
  sealed: bytesSchema({ atMost: LIMITS.vaultBytes }),
  wraps: z.array(vaultWrapSchema).max(8),
})
export type SealedVault = z.infer<typeof vaultSchema>

/** The account's public identity. All but the key are signed bytes, checked by whoever reads them. */
export const identitySchema = z.strictObject({
  accountKey: bytesSchema({ exactly: 32 + 1952 }),
  /** How the account key came to be the one it is: the newest changes of it, oldest first. */
  successions: z
    .array(bytesSchema({ atMost: 8 * 1024 }))
    .max(LIMITS.successions)
    .optional(),
  deviceList: bytesSchema({ atMost: LIMITS.deviceListBytes }),
  certificates: z
    .array(bytesSchema({ atMost: 8 * 1024 }))
    .min(1)
    .max(64),
})
export type PublicIdentity = z.infer<typeof identitySchema>

export const accountIdsSchema = z.array(accountIdSchema).min(1).max(LIMITS.accountsPerRequest)

export const accountSummarySchema = z.object({
  accountId: accountIdSchema,
  handle: handleSchema,
  displayName: z.string(),
})
export type AccountSummary = z.infer<typeof accountSummarySchema>
