import {
  type ArchiveKey,
  type ArchiveKeys,
  CryptoError,
  createSealer,
  deriveKey,
  newestArchiveKey,
  padToBucket,
  type Sealer,
  unpad,
} from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  decodeCbor,
  encodeCbor,
  idToBytes,
  type MessageId,
} from '@entangle/protocol'
import { z } from 'zod'
import { concatBytes, utf8Bytes } from '../bytes.ts'
import type { MessageContent, MessageRecord } from '../timeline/message-record.ts'
import { isOfOneDevice, noticeSchema } from '../timeline/notice-schema.ts'

/** A record as the server keeps it. */
export type SealedRecord = {
  readonly messageId: MessageId
  readonly seq: number
  readonly keyVersion: number
  readonly sealed: Uint8Array
}

const bytes = z.custom<Uint8Array>(value => value instanceof Uint8Array)

/** Written by a device of the same account, possibly by a newer version. */
const archivedSchema = z.object({
  v: z.literal(1),
  /** Inside the seal, so that the server cannot give a message another place. */
  seq: z.number().int().nonnegative(),
  from: z.string().transform(value => value as AccountId),
  time: z.number().int().nonnegative(),
  content: z.union([
    z.object({ kind: z.literal('text'), text: z.string() }),
    z.object({ kind: z.literal('unsupported'), raw: bytes }),
    z.object({ kind: z.literal('notice'), notice: noticeSchema }),
    z.looseObject({ kind: z.string() }),
  ]),
})

function contentOf(content: z.output<typeof archivedSchema>['content']): MessageContent {
  const known = archivedSchema.shape.content.options
  const text = known[0].safeParse(content)
  if (text.success) return text.data
  const unsupported = known[1].safeParse(content)
  if (unsupported.success) return unsupported.data
  const notice = known[2].safeParse(content)
  if (notice.success) return notice.data
  // A kind that a newer version has archived: kept for the day this one is updated.
  return { kind: 'unsupported', raw: encodeCbor(content) }
}

/**
 * Seals messages for the account's archive under the newest of its keys: padded, bound to account, conversation,
 * message and key version.
 */
export function createArchiveCodec(accountId: AccountId, keys: () => ArchiveKeys) {
  const sealers = new Map<number, Sealer>()
  const sealerOf = ({ version, key }: ArchiveKey): Sealer => {
    const sealer = sealers.get(version) ?? createSealer(deriveKey(key, 'archive records'))
    sealers.set(version, sealer)
    return sealer
  }
  const keyOf = (keyVersion: number) => keys().find(({ version }) => version === keyVersion)
  const bindingOf = (conversationId: ConversationId, messageId: MessageId, keyVersion: number) =>
    concatBytes(
      utf8Bytes(`entangle archive ${String(keyVersion)} `),
      idToBytes(accountId),
      idToBytes(conversationId),
      idToBytes(messageId),
    )

  return {
    /** Whether this device has the key; if not, another device will bring it. */
    knows: (keyVersion: number): boolean => keyOf(keyVersion) !== undefined,
    /** Undefined for what is not to be archived: not readable yet, of this device alone, or too large for any bucket. */
    seal(conversationId: ConversationId, message: MessageRecord): SealedRecord | undefined {
      const { id, seq, from, time, content } = message
      if (content.kind === 'pending') return undefined
      if (content.kind === 'notice' && isOfOneDevice(content.notice)) return undefined
      try {
        const padded = padToBucket(encodeCbor({ v: 1, seq, from, time, content }))
        const key = newestArchiveKey(keys())
        const sealed = sealerOf(key).seal(padded, bindingOf(conversationId, id, key.version))
        return { messageId: id, seq, keyVersion: key.version, sealed }
      } catch (error) {
        if (error instanceof CryptoError && error.code === 'PADDING_TOO_LARGE') return undefined
        throw error
      }
    },
    /** Undefined when it does not open or is not the message it is said to be. */
    open(conversationId: ConversationId, record: SealedRecord): MessageRecord | undefined {
      const { messageId, seq, keyVersion, sealed } = record
      try {
        const key = keyOf(keyVersion)
        if (key === undefined) return undefined
        const padded = sealerOf(key).open(sealed, bindingOf(conversationId, messageId, keyVersion))
        const archived = archivedSchema.parse(decodeCbor(unpad(padded)))
        if (archived.seq !== seq) return undefined
        const { from, time, content } = archived
        return { seq, id: messageId, from, own: from === accountId, time, content: contentOf(content) }
      } catch {
        return undefined
      }
    },
  }
}
export type ArchiveCodec = ReturnType<typeof createArchiveCodec>
