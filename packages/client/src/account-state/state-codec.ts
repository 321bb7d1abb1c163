import { createSealer, deriveKey, padToBucket, unpad } from '@entangle/crypto'
import { type DeviceId, decodeCbor, encodeCbor, idToBytes } from '@entangle/protocol'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { z } from 'zod'
import { concatBytes, equalBytes, utf8Bytes } from '../bytes.ts'
import type { StateEntry, StateValue } from './state-entry.ts'

/** An entry as the server keeps it. */
export type SealedEntry = {
  readonly key: Uint8Array
  readonly stamp: number
  readonly sealed: Uint8Array
}

const valueSchema: z.ZodType<StateValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.custom<Uint8Array>(value => value instanceof Uint8Array),
    z.record(z.string(), valueSchema),
  ]),
)

const contentSchema = z.object({ v: z.literal(1), name: z.string(), value: valueSchema })

/** Content of this size still fits the largest bucket below the limit, seal and all. */
const MOST_CONTENT_BYTES = 16 * 1024 - 1

/**
 * Names become keyed hashes, so that the server sees neither whom nor what an entry is about; values are sealed,
 * padded and bound to key, stamp and device, so that an old value cannot pass for a new one.
 */
export function createStateCodec(archiveKey: Uint8Array) {
  const stateKey = deriveKey(archiveKey, 'account state')
  const nameKey = deriveKey(stateKey, 'names')
  const sealer = createSealer(deriveKey(stateKey, 'values'))

  const keyOf = (name: string): Uint8Array => hmac(sha256, nameKey, utf8Bytes(name))
  const encode = ({ name, value }: Pick<StateEntry, 'name' | 'value'>) => encodeCbor({ v: 1, name, value })
  const bindingOf = (key: Uint8Array, stamp: number, deviceId: DeviceId) =>
    concatBytes(utf8Bytes(`entangle state ${String(stamp)} `), key, idToBytes(deviceId))

  return {
    keyOf,
    /** Whether a value is small enough to be shared. */
    fits: (entry: Pick<StateEntry, 'name' | 'value'>): boolean => encode(entry).length <= MOST_CONTENT_BYTES,
    seal(entry: StateEntry): SealedEntry {
      const { name, stamp, deviceId } = entry
      const key = keyOf(name)
      return { key, stamp, sealed: sealer.seal(padToBucket(encode(entry)), bindingOf(key, stamp, deviceId)) }
    },
    /** Undefined when it was not sealed by a device of this account for this very place. */
    open({ key, stamp, sealed, deviceId }: SealedEntry & { deviceId: DeviceId }): StateEntry | undefined {
      try {
        const padded = sealer.open(sealed, bindingOf(key, stamp, deviceId))
        const { name, value } = contentSchema.parse(decodeCbor(unpad(padded)))
        return equalBytes(keyOf(name), key) ? { name, value, stamp, deviceId } : undefined
      } catch {
        return undefined
      }
    },
  }
}
export type StateCodec = ReturnType<typeof createStateCodec>
