import {
  type ArchiveKey,
  type ArchiveKeys,
  createSealer,
  deriveKey,
  newestArchiveKey,
  padToBucket,
  type Sealer,
  unpad,
} from '@entangle/crypto'
import { type DeviceId, decodeCbor, encodeCbor, idToBytes } from '@entangle/protocol'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { z } from 'zod'
import { concatBytes, equalBytes, utf8Bytes } from '../bytes.ts'
import type { StateEntry, StateValue } from './state-entry.ts'
import { isOfTrust } from './state-names.ts'

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

/** Begins what was sealed under a later key than the first. A seal itself begins with 1. */
const LATER = 2
const VERSION_BYTES = 4

/** Which archive key it was sealed under, and the seal. */
function splitVersion(sealed: Uint8Array): { readonly version: number; readonly seal: Uint8Array } {
  if (sealed[0] !== LATER) return { version: 1, seal: sealed }
  const version = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(1)
  return { version, seal: sealed.subarray(1 + VERSION_BYTES) }
}

function joinVersion(version: number, seal: Uint8Array): Uint8Array {
  if (version === 1) return seal
  const head = new Uint8Array(1 + VERSION_BYTES)
  head[0] = LATER
  new DataView(head.buffer).setUint32(1, version)
  return concatBytes(head, seal)
}

/**
 * Names become keyed hashes, so that the server sees neither whom nor what an entry is about; values are sealed,
 * padded and bound to key, stamp, device and the version of the archive key, so that an old value cannot pass for a
 * new one. Names are hashed under the first archive key for good, or an entry would not be found again; values are
 * sealed under the newest.
 */
export function createStateCodec(archiveKeys: () => ArchiveKeys) {
  const stateKeyOf = (archiveKey: Uint8Array) => deriveKey(archiveKey, 'account state')
  const nameKey = deriveKey(stateKeyOf(archiveKeys()[0].key), 'names')
  const sealers = new Map<number, Sealer>()
  const sealerOf = ({ version, key }: ArchiveKey): Sealer => {
    const sealer = sealers.get(version) ?? createSealer(deriveKey(stateKeyOf(key), 'values'))
    sealers.set(version, sealer)
    return sealer
  }

  const keyOf = (name: string): Uint8Array => hmac(sha256, nameKey, utf8Bytes(name))
  const encode = ({ name, value }: Pick<StateEntry, 'name' | 'value'>) => encodeCbor({ v: 1, name, value })
  const bindingOf = (version: number, key: Uint8Array, stamp: number, deviceId: DeviceId) => {
    const label = version === 1 ? 'entangle state' : `entangle state under ${String(version)}`
    return concatBytes(utf8Bytes(`${label} ${String(stamp)} `), key, idToBytes(deviceId))
  }

  return {
    keyOf,
    /** Whether a value is small enough to be shared. */
    fits: (entry: Pick<StateEntry, 'name' | 'value'>): boolean => encode(entry).length <= MOST_CONTENT_BYTES,
    seal(entry: StateEntry): SealedEntry {
      const { name, stamp, deviceId } = entry
      const key = keyOf(name)
      const archiveKey = newestArchiveKey(archiveKeys())
      const { version } = archiveKey
      const seal = sealerOf(archiveKey).seal(
        padToBucket(encode(entry)),
        bindingOf(version, key, stamp, deviceId),
      )
      return { key, stamp, sealed: joinVersion(version, seal) }
    },
    /**
     * Undefined when it was not sealed by a device of this account for this very place. What decides whom to trust has
     * to be under the newest key: a device that was removed still knows those before, and the server might help it.
     */
    open({ key, stamp, sealed, deviceId }: SealedEntry & { deviceId: DeviceId }): StateEntry | undefined {
      try {
        const { version, seal } = splitVersion(sealed)
        const archiveKey = archiveKeys().find(each => each.version === version)
        if (archiveKey === undefined) return undefined
        const padded = sealerOf(archiveKey).open(seal, bindingOf(version, key, stamp, deviceId))
        const { name, value } = contentSchema.parse(decodeCbor(unpad(padded)))
        if (isOfTrust(name) && version < newestArchiveKey(archiveKeys()).version) return undefined
        return equalBytes(keyOf(name), key) ? { name, value, stamp, deviceId } : undefined
      } catch {
        return undefined
      }
    },
  }
}
export type StateCodec = ReturnType<typeof createStateCodec>
