import { z } from 'zod'
import { bytesSchema } from './bytes-schema.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import {
  groupNameSchema,
  groupPictureSchema,
  groupTopicSchema,
  inviteSecretSchema,
} from './groups/group-state.ts'
import { inviteIdSchema, messageIdSchema } from './ids.ts'
import { LIMITS } from './limits.ts'

const seenPlaceSchema = z.object({
  seq: z.number().int().nonnegative(),
  /** Of everything in the epoch up to this place. */
  digest: bytesSchema({ exactly: 16 }),
})
export type SeenPlace = z.infer<typeof seenPlaceSchema>

/**
 * What is inside an encrypted message: a typed, versioned event. The timeline is a projection of these
 * events. A kind that a client does not know is kept as it came and shown as "needs a newer version",
 * so new kinds can be sent to old clients.
 */
const envelope = {
  v: z.literal(1),
  /** Equals the message id of the frame; a mismatch means that the server moved the ciphertext. */
  id: messageIdSchema,
  /** The sender's clock, milliseconds since 1970. Shown, never used for order. */
  sentAt: z.number().int().nonnegative(),
  /** How the event relates to an earlier one. */
  relation: z
    .object({ kind: z.enum(['reply', 'edit', 'reaction', 'delete']), target: messageIdSchema })
    .optional(),
  /** How the log stood for the sender: who was told it otherwise sees it by this. */
  seen: z.array(seenPlaceSchema).max(2).optional(),
}

const utf8 = new TextEncoder()

export const textEventSchema = z.object({
  ...envelope,
  kind: z.literal('text'),
  text: z
    .string()
    .min(1)
    .refine(
      text => text.length <= LIMITS.messageTextBytes && utf8.encode(text).length <= LIMITS.messageTextBytes,
    ),
})
export type TextEvent = z.infer<typeof textEventSchema>

/** Changes of what a group shows of itself; what is not named stays. Of managers only: from others it is ignored. */
export const groupChangeEventSchema = z.object({
  ...envelope,
  kind: z.literal('group-change'),
  name: groupNameSchema.optional(),
  topic: groupTopicSchema.optional(),
  /** Null takes the picture away. */
  picture: groupPictureSchema.nullable().optional(),
  /**
   * Told again for who came in meanwhile: the place in the log since which it is so. Who knows of a later one keeps
   * that.
   */
  since: z.number().int().nonnegative().optional(),
})
export type GroupChangeEvent = z.infer<typeof groupChangeEventSchema>

/**
 * The secret of an invite link, sent before the commit that opens it: every member needs it to follow whoever comes
 * in by the link.
 */
export const inviteEventSchema = z.object({
  ...envelope,
  kind: z.literal('invite'),
  inviteId: inviteIdSchema,
  secret: inviteSecretSchema,
})
export type InviteEvent = z.infer<typeof inviteEventSchema>

export const knownEventSchema = z.discriminatedUnion('kind', [
  textEventSchema,
  groupChangeEventSchema,
  inviteEventSchema,
])
export type KnownEvent = z.infer<typeof knownEventSchema>
const KNOWN_KINDS: ReadonlySet<string> = new Set(
  knownEventSchema.options.map(option => option.shape.kind.value),
)

const unknownEventSchema = z.looseObject({ ...envelope, kind: z.string().max(64) })

export type ContentEvent =
  | { readonly known: true; readonly event: KnownEvent }
  | { readonly known: false; readonly kind: string; readonly event: z.infer<typeof unknownEventSchema> }

export const encodeContent = (event: KnownEvent): Uint8Array => encodeCbor(event)

/** Decrypted bytes of another member (not trusted to be well formed) → event, or undefined. */
export function parseContent(bytes: Uint8Array): ContentEvent | undefined {
  let value: unknown
  try {
    value = decodeCbor(bytes)
  } catch {
    return undefined
  }
  const event = knownEventSchema.safeParse(value)
  if (event.success) return { known: true, event: event.data }
  const other = unknownEventSchema.safeParse(value)
  // A known kind that does not fit its schema is malformed, not new.
  if (!other.success || KNOWN_KINDS.has(other.data.kind)) return undefined
  return { known: false, kind: other.data.kind, event: other.data }
}

/** Sealed under the epoch's exporter key: how far a device has stored and its person has read. */
export const receiptContentSchema = z.object({
  delivered: z.number().int().nonnegative(),
  read: z.number().int().nonnegative(),
})
export type ReceiptContent = z.infer<typeof receiptContentSchema>

export const ephemeralContentSchema = z.object({ kind: z.literal('typing'), active: z.boolean() })
export type EphemeralContent = z.infer<typeof ephemeralContentSchema>
