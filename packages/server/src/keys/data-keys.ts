import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyWrapper } from '../ports/key-wrapper.ts'

export type DataKey = { readonly id: Buffer; readonly key: KeyObject }

/** The keys that seal values. They lie wrapped in the database, and unwrapped only in memory. */
export type DataKeys = {
  /** A key for one more value. */
  toSeal(): Promise<DataKey>
  toOpen(id: Uint8Array): Promise<KeyObject>
}

type Parts = {
  readonly database: UsersDatabase
  readonly wrapper: KeyWrapper
  readonly clock: Pick<Clock, 'now'>
}

const KEY_BYTES = 32
export const ID_BYTES = 16
/** When a key is replaced. The number is far below what random nonces allow. */
const USE = { seals: 2 ** 24, lifetimeMs: 30 * 24 * 3600 * 1000 }
/** A failover may have lost the row: nobody would ever open what is sealed from then on. */
const CHECKED_EVERY_MS = 60_000
/** Unwrapped keys in memory. */
const KNOWN_LIMIT = 512
const ATTEMPTS = 5

/** False where the wrapping key has been retired meanwhile: nothing may be wrapped under it any more. */
const store = ({ database, clock }: Parts, id: Buffer, version: number, wrapped: Uint8Array) =>
  database.transaction().execute(async work => {
    const wrapping = await work
      .selectFrom('wrapping_key')
      .select('version')
      .where('version', '=', version)
      .where('retired_at', 'is', null)
      .forShare()
      .executeTakeFirst()
    if (wrapping === undefined) return false
    const created_at = new Date(clock.now())
    await work.insertInto('data_key').values({ id, wrapping_version: version, wrapped, created_at }).execute()
    return true
  })

async function create(parts: Parts): Promise<DataKey> {
  const id = randomBytes(ID_BYTES)
  const bytes = randomBytes(KEY_BYTES)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { version, wrapped } = await parts.wrapper.wrap(bytes)
    if (await store(parts, id, version, wrapped)) return { id, key: createSecretKey(bytes) }
  }
  throw new Error('the wrapping key is retired again and again')
}

async function isStored({ database }: Parts, id: Buffer): Promise<boolean> {
  const row = await database.selectFrom('data_key').select('id').where('id', '=', id).executeTakeFirst()
  return row !== undefined
}

async function unwrap({ database, wrapper }: Parts, id: Uint8Array): Promise<KeyObject> {
  for (let attempt = 1; ; attempt++) {
    const row = await database
      .selectFrom('data_key')
      .select(['wrapping_version', 'wrapped'])
      .where('id', '=', Buffer.from(id))
      .executeTakeFirst()
    if (row === undefined) throw new Error('sealed under an unknown data key')
    try {
      const { wrapping_version: version, wrapped } = row
      return createSecretKey(await wrapper.unwrap({ version, wrapped }))
    } catch (error) {
      // Wrapped anew since it was read, its wrapping key may be gone: the row then names another.
      if (attempt === 2) throw error
    }
  }
}

type Own = { readonly dataKey: DataKey; readonly until: number; left: number; checkedAt: number }

const isSpent = ({ left, until }: Own, nowMs: number): boolean => left === 0 || nowMs >= until
const isUnchecked = ({ checkedAt }: Own, nowMs: number): boolean =>
  Math.abs(nowMs - checkedAt) >= CHECKED_EVERY_MS

/**
 * A process seals only under a key that it has made itself. Anybody can wrap under a public key: whoever can write into
 * the database could otherwise put a key there that he knows.
 */
export function createDataKeys(parts: Parts, use = USE): DataKeys {
  const { clock } = parts
  const known = new Map<string, Promise<KeyObject>>()
  let own: Own | undefined
  let renewing: Promise<void> | undefined

  function remember(name: string, key: Promise<KeyObject>): Promise<KeyObject> {
    // Put in again at each use: the first one is the one that was not used for longest.
    known.delete(name)
    known.set(name, key)
    const [oldest] = known.keys()
    if (known.size > KNOWN_LIMIT && oldest !== undefined) known.delete(oldest)
    return key
  }

  async function renewOwn(): Promise<void> {
    const present = own
    const now = clock.now()
    if (present !== undefined && !isSpent(present, now) && (await isStored(parts, present.dataKey.id))) {
      present.checkedAt = now
      return
    }
    const dataKey = await create(parts)
    own = { dataKey, until: now + use.lifetimeMs, left: use.seals, checkedAt: now }
    void remember(idText(dataKey.id), Promise.resolve(dataKey.key))
  }

  return {
    async toSeal() {
      while (own === undefined || isSpent(own, clock.now()) || isUnchecked(own, clock.now())) {
        renewing ??= renewOwn().finally(() => {
          renewing = undefined
        })
        await renewing
      }
      own.left -= 1
      return own.dataKey
    },
    toOpen(id) {
      const name = idText<string>(id)
      const opening = remember(name, known.get(name) ?? unwrap(parts, id))
      opening.catch(() => known.delete(name))
      return opening
    },
  }
}
