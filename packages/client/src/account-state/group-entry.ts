import type { InviteId } from '@entangle/protocol'
import { z } from 'zod'
import { encodeHeldState, parseHeldState } from '../groups/held-state.ts'
import type { HeldState, StatePlaces } from '../groups/state.ts'
import type { StateValue } from './state-entry.ts'

/**
 * A group's state for the account's other devices: one that comes in by itself gets no snapshot from anybody.
 * `seq`: how far its writer had read the log.
 */
export type GroupEntry = { readonly held: HeldState; readonly seq: number }

const entrySchema = z.object({
  seq: z.number().int().nonnegative(),
  held: z.custom<Uint8Array>(value => value instanceof Uint8Array),
})

export const encodeGroupEntry = ({ held, seq }: GroupEntry): StateValue => ({
  seq,
  held: encodeHeldState(held),
})

/** Undefined for what no device of this version has written. */
export function parseGroupEntry(value: StateValue | undefined): GroupEntry | undefined {
  const entry = entrySchema.safeParse(value).data
  const held = entry && parseHeldState(entry.held)
  return held && { held, seq: entry.seq }
}

const PARTS: readonly (keyof StatePlaces)[] = ['name', 'topic', 'picture']

/**
 * Whether the other devices miss something of what this one has. Of secrets only those of open links count: on the
 * others two devices might never agree.
 */
export function isOutdated(
  entry: GroupEntry | undefined,
  present: GroupEntry,
  open: ReadonlySet<InviteId>,
): boolean {
  const { held } = present
  if (entry === undefined) return PARTS.some(part => held.at[part] >= 0)
  if (PARTS.some(part => held.at[part] > entry.held.at[part])) return true
  const secretsOf = ({ state }: HeldState) => new Set(state.invites.map(({ inviteId }) => inviteId))
  const [told, known] = [secretsOf(entry.held), secretsOf(held)]
  const lacksSecret = [...known].some(inviteId => open.has(inviteId) && !told.has(inviteId))
  const hasClosed = [...told].some(inviteId => !open.has(inviteId) && !known.has(inviteId))
  return lacksSecret || (hasClosed && present.seq >= entry.seq)
}
