import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { LIMITS } from '@entangle/protocol'
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose'
import { type Kysely, sql } from 'kysely'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { Clock } from '../ports/clock.ts'
import { type Envelope, openOne, sealOne } from '../ports/envelope.ts'
import { TOKEN_ALGORITHM, type TokenKeys } from '../ports/token-keys.ts'

const generateKeys = promisify(generateKeyPair)
const MODULUS_BITS = 3072
/** A key signs for so long, then a new one is made. */
const LIFETIME_MS = 90 * 24 * 3600 * 1000
/** Whoever verifies tokens has read the key set again by then: before that a new key signs nothing. */
const PUBLISHED_BEFORE_MS = 5 * 60 * 1000
/** A key is accepted for so long after another has begun to sign: its last token has expired. */
const ACCEPTED_AFTER_MS = LIMITS.accessTokenLifetimeMs + PUBLISHED_BEFORE_MS
const READ_EVERY_MS = 60 * 1000
/** An unknown key may be one that another process has just made. */
const READ_AT_MOST_EVERY_MS = 5 * 1000
const LOCK_KEY = 0x456e_5369

type Parts = {
  readonly database: UsersDatabase
  readonly envelope: Envelope
  readonly clock: Pick<Clock, 'now'>
}

type Key = {
  readonly kid: string
  readonly jwk: JWK
  readonly sealed: Uint8Array
  readonly createdAt: number
}

export const signingKeyPlace = (kid: string): string => `signing_key:${kid}`

async function makeKey(envelope: Envelope) {
  const pair = await generateKeys('rsa', { modulusLength: MODULUS_BITS })
  const jwk = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const privateBytes = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    kid,
    public_jwk: JSON.stringify({ ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' }),
    sealed: await sealOne(envelope, signingKeyPlace(kid), privateBytes),
  }
}

/** Those that are accepted, the newest first. */
async function readKeys(work: Kysely<UsersSchema>): Promise<Key[]> {
  const rows = await work
    .selectFrom('signing_key')
    .selectAll()
    .where('retired_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .execute()
  return rows.map(({ kid, public_jwk, sealed, created_at }) => ({
    kid,
    jwk: public_jwk as JWK,
    sealed,
    createdAt: created_at.getTime(),
  }))
}

/** The newest that everybody has had time to read; where there is none, the first there ever was. */
const signerOf = (keys: readonly Key[], nowMs: number): Key | undefined =>
  keys.find(({ createdAt }) => nowMs - createdAt >= PUBLISHED_BEFORE_MS) ?? keys.at(-1)

/** Those whose successor has signed for so long that no token of theirs is left. */
function spentOf(keys: readonly Key[], nowMs: number): Key[] {
  return keys.filter((_, at) => {
    const successor = keys[at - 1]
    return successor !== undefined && nowMs - successor.createdAt > PUBLISHED_BEFORE_MS + ACCEPTED_AFTER_MS
  })
}

/**
 * Makes a key that begins to sign in five minutes, and takes the ones before it away when their last token has
 * expired. Under a lock: of several processes one does it.
 */
export async function rotateSigningKeys(parts: Parts, { force = false } = {}): Promise<void> {
  const { database, envelope, clock } = parts
  const isDue = ([newest]: readonly Key[]) =>
    newest === undefined || force || clock.now() - newest.createdAt > LIFETIME_MS
  // Before the lock, because sealing may ask the database as well.
  const fresh = isDue(await readKeys(database)) ? await makeKey(envelope) : undefined
  await database.transaction().execute(async work => {
    await sql`SELECT pg_advisory_xact_lock(${LOCK_KEY})`.execute(work)
    const nowMs = clock.now()
    const keys = await readKeys(work)
    const spent = spentOf(keys, nowMs).map(({ kid }) => kid)
    if (spent.length > 0) {
      const retired_at = new Date(nowMs)
      await work.updateTable('signing_key').set({ retired_at }).where('kid', 'in', spent).execute()
    }
    if (fresh === undefined || !isDue(keys)) return
    const created_at = new Date(nowMs)
    await work
      .insertInto('signing_key')
      .values({ ...fresh, created_at })
      .execute()
  })
}

/** The signing keys of the database, made where there is none, and replaced in time. */
export async function openSigningKeys(parts: Parts): Promise<TokenKeys> {
  const { database, envelope, clock } = parts
  const opened = new Map<string, Promise<KeyObject>>()
  let keys: readonly Key[] = []
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const now = clock.now()
    keys = await readKeys(database)
    const isDue =
      keys[0] === undefined || now - keys[0].createdAt > LIFETIME_MS || spentOf(keys, now).length > 0
    if (isDue) {
      await rotateSigningKeys(parts)
      keys = await readKeys(database)
    }
    readAt = now
  }

  /** While the database is away, what was read before is good enough. */
  async function readIfOlderThan(ageMs: number): Promise<void> {
    if (Math.abs(clock.now() - readAt) < ageMs) return
    reading ??= read().finally(() => {
      reading = undefined
    })
    await reading.catch(error => {
      if (keys.length === 0) throw error
    })
  }

  const privateKeyOf = ({ kid, sealed }: Key): Promise<KeyObject> => {
    const known = opened.get(kid)
    if (known !== undefined) return known
    const opening = openOne(envelope, signingKeyPlace(kid), sealed).then(bytes =>
      createPrivateKey({ key: Buffer.from(bytes), type: 'pkcs8', format: 'der' }),
    )
    // Not kept where it failed: the database may be back at the next attempt.
    opening.catch(() => opened.delete(kid))
    opened.set(kid, opening)
    return opening
  }

  const find = (kid: string) => keys.find(key => key.kid === kid)?.jwk

  await readIfOlderThan(READ_EVERY_MS)
  return {
    async sign(claims, type) {
      await readIfOlderThan(READ_EVERY_MS)
      const signer = signerOf(keys, clock.now())
      if (signer === undefined) throw new Error('no signing key')
      return new SignJWT(claims)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: type, kid: signer.kid })
        .sign(await privateKeyOf(signer))
    },
    async publicKey(kid) {
      await readIfOlderThan(READ_EVERY_MS)
      if (find(kid) === undefined) await readIfOlderThan(READ_AT_MOST_EVERY_MS)
      return find(kid)
    },
    async jwks() {
      await readIfOlderThan(READ_EVERY_MS)
      return { keys: keys.map(({ jwk }) => jwk) }
    },
  }
}
