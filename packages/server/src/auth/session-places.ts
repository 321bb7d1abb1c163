import { isIP } from 'node:net'
import { clientNameOf, type DeviceId, decodeCbor, encodeCbor } from '@entangle/protocol'
import { z } from 'zod'
import { idText } from '../database/packed-arrays.ts'
import type { AnonymousCall } from '../http/route.ts'
import { describeError, type Log } from '../logging.ts'
import type { Envelope } from '../ports/envelope.ts'

const placeSchema = z.object({ address: z.string().optional(), client: z.string().optional() })
/** From where a session was last renewed. */
export type SessionPlace = z.output<typeof placeSchema>

/** A person sees in the list of devices from where each was last there; the database shows it to nobody. */
export type SessionPlaces = {
  /** Null where it cannot be sealed now: nobody is kept out for that. */
  seal(sessionId: Uint8Array, call: AnonymousCall): Promise<Uint8Array | null>
  /** Those that are known, by device; none where they cannot be opened now. */
  open(sessions: readonly StoredPlace[]): Promise<ReadonlyMap<DeviceId, SessionPlace>>
}

type StoredPlace = { readonly id: Buffer; readonly device_id: Buffer; readonly seen: Uint8Array | null }

const envelopePlace = (sessionId: Uint8Array) => `session:${idText(sessionId)}`

/** An IPv4 address that a socket of both kinds has dressed up is shown as what it is. */
function cleanAddress(address: string): string | undefined {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(plain) === 0 ? undefined : plain
}

export function placeOf({ address, userAgent }: Pick<AnonymousCall, 'address' | 'userAgent'>): SessionPlace {
  const shown = cleanAddress(address)
  const client = userAgent === undefined ? undefined : clientNameOf(userAgent)
  return { ...(shown !== undefined && { address: shown }), ...(client !== undefined && { client }) }
}

export function createSessionPlaces(envelope: Envelope, log: Log): SessionPlaces {
  return {
    async seal(sessionId, call) {
      try {
        const bytes = encodeCbor(placeOf(call))
        const [sealed] = await envelope.seal([{ place: envelopePlace(sessionId), bytes }])
        return sealed ?? null
      } catch (error) {
        log.warn('place of a session not sealed', describeError(error))
        return null
      }
    },
    async open(sessions) {
      const known = sessions.flatMap(({ id, device_id, seen }) =>
        seen === null
          ? []
          : [{ deviceId: idText<DeviceId>(device_id), place: envelopePlace(id), bytes: seen }],
      )
      const places = new Map<DeviceId, SessionPlace>()
      if (known.length === 0) return places
      try {
        const opened = await envelope.open(known.map(({ place, bytes }) => ({ place, bytes })))
        for (const [at, { deviceId }] of known.entries())
          places.set(deviceId, placeSchema.parse(decodeCbor(opened[at] ?? new Uint8Array())))
      } catch (error) {
        log.warn('places of sessions not opened', describeError(error))
      }
      return places
    },
  }
}
