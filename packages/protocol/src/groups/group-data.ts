import { z } from 'zod'
import { decodeCbor, encodeCbor } from '../cbor.ts'
import { type AccountId, ID_BYTES, type InviteId, idToBytes, readId } from '../ids.ts'
import { LIMITS } from '../limits.ts'

/**
 * What every member of a conversation agrees on, and the server reads: the content of the group data extension in
 * the MLS group context. Names, topics and pictures are never in it.
 */
export type GroupData =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'group'
      readonly owners: ReadonlySet<AccountId>
      readonly admins: ReadonlySet<AccountId>
      /** Links by which somebody may come in, until they are revoked. */
      readonly invites: ReadonlySet<InviteId>
    }
export type ManagedGroup = Extract<GroupData, { kind: 'group' }>

const idBytes = z.custom<Uint8Array>(value => value instanceof Uint8Array && value.length === ID_BYTES)

const groupDataSchema = z.discriminatedUnion('kind', [
  z.strictObject({ v: z.literal(1), kind: z.literal('direct') }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('group'),
    owners: z.array(idBytes).max(LIMITS.groupManagers),
    admins: z.array(idBytes).max(LIMITS.groupManagers),
    invites: z.array(idBytes).max(LIMITS.groupInvites),
  }),
])

const sortedIds = (ids: ReadonlySet<string>) => [...ids].sort().map(idToBytes)

/** One encoding for one content, so that equal data are equal bytes. */
export function encodeGroupData(data: GroupData): Uint8Array {
  if (data.kind === 'direct') return encodeCbor({ v: 1, kind: 'direct' })
  const { owners, admins, invites } = data
  return encodeCbor({
    v: 1,
    kind: 'group',
    owners: sortedIds(owners),
    admins: sortedIds(admins),
    invites: sortedIds(invites),
  })
}

/** Untrusted bytes → group data; undefined for anything that {@link encodeGroupData} would not have written. */
export function parseGroupData(bytes: Uint8Array): GroupData | undefined {
  let value: unknown
  try {
    value = decodeCbor(bytes)
  } catch {
    return undefined
  }
  const parsed = groupDataSchema.safeParse(value).data
  if (parsed === undefined) return undefined
  if (parsed.kind === 'direct') return { kind: 'direct' }
  const data: ManagedGroup = {
    kind: 'group',
    owners: new Set(parsed.owners.map(id => readId<AccountId>(id))),
    admins: new Set(parsed.admins.map(id => readId<AccountId>(id))),
    invites: new Set(parsed.invites.map(id => readId<InviteId>(id))),
  }
  const hasTwoRoles = [...data.owners].some(account => data.admins.has(account))
  const canonical = encodeGroupData(data)
  const isCanonical =
    canonical.length === bytes.length && canonical.every((byte, index) => byte === bytes[index])
  return hasTwoRoles || !isCanonical ? undefined : data
}
