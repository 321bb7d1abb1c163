import { decodeCbor, encodeCbor, encodeGroupState, parseGroupState } from '@entangle/protocol'
import { z } from 'zod'
import type { HeldState } from './state.ts'

const place = z.number().int().min(-1)

/** The state of a group with the places of its parts, as one device gives it to another. */
const heldSchema = z.object({
  v: z.literal(1),
  state: z.custom<Uint8Array>(value => value instanceof Uint8Array),
  at: z.object({ name: place, topic: place, picture: place }),
})

export const encodeHeldState = ({ state, at }: HeldState): Uint8Array =>
  encodeCbor({ v: 1, state: encodeGroupState(state), at: { ...at } })

/** Decrypted bytes of another device, not trusted to be well formed → state, or undefined. */
export function parseHeldState(bytes: Uint8Array): HeldState | undefined {
  try {
    const held = heldSchema.safeParse(decodeCbor(bytes)).data
    const state = held && parseGroupState(held.state)
    return state && { state, at: held.at }
  } catch {
    return undefined
  }
}
