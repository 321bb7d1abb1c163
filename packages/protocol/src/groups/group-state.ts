import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { decodeCbor, encodeCbor } from '../cbor.ts'
import { inviteIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'

/**
 * What only members read of a group: its name, topic, picture and the secrets of its invite links. It changes by
 * encrypted events in the log; who comes in gets all of it as one sealed snapshot.
 */

// Control characters and the marks that reorder text could disguise one name as another.
const UNSAFE_IN_NAME = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

export const groupNameSchema = z
  .string()
  .transform(name => name.normalize('NFC').trim())
  .refine(name => name.length >= 1 && name.length <= LIMITS.groupNameLength && !UNSAFE_IN_NAME.test(name))

export const groupTopicSchema = z
  .string()
  .transform(topic => topic.normalize('NFC').trim())
  .refine(topic => topic.length <= LIMITS.groupTopicLength)

/** A small square picture as JPEG, PNG or WebP bytes; whoever shows it decodes it in a place where it can do no harm. */
export const groupPictureSchema = bytesSchema({ atMost: LIMITS.groupPictureBytes })

export const inviteSecretSchema = bytesSchema({ exactly: 32 })

export const groupStateSchema = z.object({
  v: z.literal(1),
  name: groupNameSchema,
  topic: groupTopicSchema,
  picture: groupPictureSchema.nullable(),
  invites: z
    .array(z.object({ inviteId: inviteIdSchema, secret: inviteSecretSchema }))
    .max(LIMITS.groupInvites),
})
export type GroupState = z.infer<typeof groupStateSchema>

export const encodeGroupState = (state: GroupState): Uint8Array => encodeCbor(state)

/** Decrypted bytes of another member, not trusted to be well formed → state, or undefined. */
export function parseGroupState(bytes: Uint8Array): GroupState | undefined {
  try {
    return groupStateSchema.safeParse(decodeCbor(bytes)).data
  } catch {
    return undefined
  }
}
