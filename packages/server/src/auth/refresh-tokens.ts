import { createHash, randomBytes } from 'node:crypto'
import { LIMITS } from '@entangle/protocol'
import type { Kysely, Transaction } from 'kysely'
import { idText } from '../database/packed-arrays.ts'
import type { UsersSchema } from '../database/users-schema.ts'
import type { NewRefreshToken } from '../http/route.ts'
import type { SessionId } from '../ports/session-verifier.ts'

/**
 * A browser writes its cookies down up to half a minute after it got them: killed before, it comes back with
 * the token before the newest one, perhaps the next morning. As long as no successor was used, the token just
 * replaced is therefore answered with another one of the same family. A thief of the older cookie gains no
 * more than one of the newest would.
 */
export const UNUSED_SUCCESSOR_GRACE_MS = 7 * 24 * 3600 * 1000
/**
 * Two tabs may send the same token at once and get siblings. The first sibling that is used replaces the
 * other, which serves only this much longer: used later, it is a copy in other hands.
 */
export const SIBLING_GRACE_MS = 30_000
/** Replaced tokens are remembered this long to recognise their reuse. */
const REMEMBER_REPLACED_MS = 2 * UNUSED_SUCCESSOR_GRACE_MS

export type Rotation =
  | { readonly kind: 'rotated'; readonly sessionId: SessionId; readonly next: NewRefreshToken }
  | { readonly kind: 'reused'; readonly sessionId: SessionId }
  | { readonly kind: 'invalid' }

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export async function insertRefreshToken(
  database: Kysely<UsersSchema>,
  sessionId: Buffer,
  parent: Buffer | null,
  nowMs: number,
): Promise<NewRefreshToken> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = nowMs + LIMITS.refreshTokenLifetimeMs
  await database
    .insertInto('refresh_token')
    .values({
      hash: hashOf(token),
      session_id: sessionId,
      parent_hash: parent,
      expires_at: new Date(expiresAt),
    })
    .execute()
  return { token, expiresAt }
}

/** Which session a token belongs to, without using it up; undefined for a stranger's. */
export async function findSessionOfToken(
  database: Kysely<UsersSchema>,
  token: string,
): Promise<Buffer | undefined> {
  const row = await database
    .selectFrom('refresh_token')
    .select('session_id')
    .where('hash', '=', hashOf(token))
    .executeTakeFirst()
  return row?.session_id
}

export async function rotateRefreshToken(
  database: Transaction<UsersSchema>,
  token: string,
  nowMs: number,
): Promise<Rotation> {
  const hash = hashOf(token)
  const owner = await findSessionOfToken(database, token)
  if (owner === undefined) return { kind: 'invalid' }
  // The session's row is the lock of the family: rotations of one family come one after the other.
  const session = await database
    .selectFrom('session')
    .select(['id', 'ended_at'])
    .where('id', '=', owner)
    .forUpdate()
    .executeTakeFirst()
  const row = await database
    .selectFrom('refresh_token')
    .selectAll()
    .where('hash', '=', hash)
    .executeTakeFirst()
  if (session === undefined || row === undefined || session.ended_at !== null) return { kind: 'invalid' }
  if (row.expires_at.getTime() <= nowMs) return { kind: 'invalid' }
  const sessionId = idText<SessionId>(session.id)
  if (row.replaced_at !== null && !(await isWithinGrace(database, hash, row.replaced_at, nowMs))) {
    return { kind: 'reused', sessionId }
  }
  const now = new Date(nowMs)
  await database
    .updateTable('refresh_token')
    .set({ replaced_at: now })
    .where('session_id', '=', session.id)
    .where('replaced_at', 'is', null)
    .where(where =>
      row.parent_hash === null
        ? where('hash', '=', hash)
        : where.or([where('hash', '=', hash), where('parent_hash', '=', row.parent_hash)]),
    )
    .execute()
  await database
    .deleteFrom('refresh_token')
    .where('session_id', '=', session.id)
    .where(where =>
      where.or([
        where('expires_at', '<', now),
        where('replaced_at', '<', new Date(nowMs - REMEMBER_REPLACED_MS)),
      ]),
    )
    .execute()
  return { kind: 'rotated', sessionId, next: await insertRefreshToken(database, session.id, hash, nowMs) }
}

/** Whether a replaced token may be presented once more. */
async function isWithinGrace(
  database: Transaction<UsersSchema>,
  hash: Buffer,
  replacedAt: Date,
  nowMs: number,
): Promise<boolean> {
  const successors = await database
    .selectFrom('refresh_token')
    .select('replaced_at')
    .where('parent_hash', '=', hash)
    .execute()
  // Without a successor it was not presented before: a sibling was.
  const graceMs = successors.length === 0 ? SIBLING_GRACE_MS : UNUSED_SUCCESSOR_GRACE_MS
  return (
    nowMs - replacedAt.getTime() <= graceMs && successors.every(({ replaced_at }) => replaced_at === null)
  )
}
