import { type AccountId, type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import { idBytes, idText, packIds } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import { CLAIM_OF_TARGET, type RateLimits } from '../http/rate-limits.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { assertAccountLives } from './accounts.ts'
import type { CheckedKeyPackage, KeyMaterial } from './key-material.ts'

export type KeyPackageService = {
  publish(session: DeviceSession, request: RequestOf<'publishKeyPackages'>): Promise<{ available: number }>
  status(session: DeviceSession): Promise<AnswerOf<'keyPackageStatus'>>
  claim(session: DeviceSession, accountId: AccountId): Promise<AnswerOf<'claimKeyPackages'>>
  /** Of several accounts at once. One of which the caller has taken too many lately is left out, as are empty ones. */
  claimMany(
    session: DeviceSession,
    accountIds: readonly AccountId[],
  ): Promise<AnswerOf<'claimManyKeyPackages'>>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly material: KeyMaterial
  readonly limits: RateLimits
  readonly clock: Clock
}

type TakenRow = { account_id: Buffer; device_id: Buffer; key_package: Buffer; last_resort: boolean }

/** With what there is of a last-resort package. */
type PoolRow = {
  readonly available: number
  readonly used_at: Date | null
  readonly expires_at: Date | null
}
const EMPTY_POOL: PoolRow = { available: 0, used_at: null, expires_at: null }

const toClaimed = (row: TakenRow) => ({
  deviceId: idText<DeviceId>(row.device_id),
  keyPackage: row.key_package,
  lastResort: row.last_resort,
})

/** A last-resort package is replaced after its first use or this age. */
const LAST_RESORT_AGE_MS = 30 * 24 * 3600 * 1000

export function createKeyPackageService({
  database,
  material,
  limits,
  clock,
}: Dependencies): KeyPackageService {
  async function check(
    session: DeviceSession,
    bytes: Uint8Array,
    lastResort: boolean,
  ): Promise<CheckedKeyPackage> {
    const checked = material.checkKeyPackage(bytes, clock.now())
    const device = await database
      .selectFrom('device')
      .select('signature_key')
      .where('id', '=', idBytes(session.deviceId))
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (
      device === undefined ||
      checked.accountId !== session.accountId ||
      checked.deviceId !== session.deviceId ||
      checked.lastResort !== lastResort ||
      !Buffer.from(device.signature_key).equals(Buffer.from(checked.signatureKey))
    ) {
      throw new ProtocolError('KEYS_PACKAGE_INVALID')
    }
    return checked
  }

  async function countAvailable(deviceId: DeviceId): Promise<number> {
    const { count } = await database
      .selectFrom('key_package')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('device_id', '=', idBytes(deviceId))
      .where('expires_at', '>', new Date(clock.now()))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /**
   * One statement takes a package of each device, so that of any number of parallel claims each gets another
   * one: a row that a rival has locked is skipped, a row that is gone cannot be returned. Last-resort packages
   * are marked in one order, so that two claims never wait for each other in a circle.
   */
  async function take(session: DeviceSession, accountIds: readonly AccountId[]): Promise<TakenRow[]> {
    const now = new Date(clock.now())
    const { rows } = await sql<TakenRow>`
      WITH wanted AS MATERIALIZED (
        SELECT d.id, d.account_id FROM device d JOIN account a ON a.id = d.account_id
        -- Whoever asks for their own account adds their other devices.
        WHERE d.account_id = ANY (${packIds(accountIds)}::bytea[]) AND d.id <> ${idBytes(session.deviceId)}
          AND d.revoked_at IS NULL AND a.deleted_at IS NULL
      ), picked AS MATERIALIZED (
        SELECT w.id, w.account_id, p.ref FROM wanted w CROSS JOIN LATERAL (
          SELECT k.ref FROM key_package k WHERE k.device_id = w.id AND k.expires_at > ${now}
          ORDER BY k.stored_at FOR UPDATE SKIP LOCKED LIMIT 1) p
      ), taken AS (
        DELETE FROM key_package k USING picked p WHERE k.ref = p.ref
        RETURNING k.ref, p.account_id, k.device_id, k.key_package
      ), spent AS (
        INSERT INTO key_package_spent (ref) SELECT ref FROM taken ON CONFLICT DO NOTHING
      ), last AS MATERIALIZED (
        SELECT l.device_id FROM last_resort_package l JOIN wanted w ON w.id = l.device_id
        WHERE l.expires_at > ${now} AND NOT EXISTS (SELECT 1 FROM picked p WHERE p.id = w.id)
        ORDER BY l.device_id FOR UPDATE OF l
      ), used AS (
        UPDATE last_resort_package l SET used_at = ${now} FROM last WHERE l.device_id = last.device_id
        RETURNING l.account_id, l.device_id, l.key_package
      )
      SELECT account_id, device_id, key_package, false AS last_resort FROM taken
      UNION ALL SELECT account_id, device_id, key_package, true FROM used`.execute(database)
    return rows
  }

  async function mayClaim(session: DeviceSession, accountId: AccountId): Promise<boolean> {
    try {
      await limits.check(`claim ${session.accountId} of ${accountId}`, CLAIM_OF_TARGET)
      return true
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
  }

  return {
    async publish(session, request) {
      const packages = await Promise.all(request.packages.map(bytes => check(session, bytes, false)))
      const lastResort =
        request.lastResort === undefined ? undefined : await check(session, request.lastResort, true)
      const owner = { account_id: idBytes(session.accountId), device_id: idBytes(session.deviceId) }
      const room = LIMITS.keyPackagePool * 2 - (await countAvailable(session.deviceId))
      for (const [index, checked] of packages.slice(0, Math.max(0, room)).entries()) {
        const bytes = request.packages[index]
        if (bytes === undefined) continue
        await sql`
          INSERT INTO key_package (ref, account_id, device_id, key_package, expires_at)
          SELECT ${checked.ref}, ${owner.account_id}, ${owner.device_id}, ${bytes}, ${new Date(checked.expiresAt)}
          WHERE NOT EXISTS (SELECT 1 FROM key_package_spent WHERE ref = ${checked.ref})
          ON CONFLICT (ref) DO NOTHING`.execute(database)
      }
      if (lastResort !== undefined && request.lastResort !== undefined) {
        const content = {
          ref: lastResort.ref,
          key_package: request.lastResort,
          expires_at: new Date(lastResort.expiresAt),
          used_at: null,
        }
        await database
          .insertInto('last_resort_package')
          .values({ ...owner, ...content })
          .onConflict(conflict =>
            conflict
              .column('device_id')
              .doUpdateSet(content)
              // The same one again does not become fresh.
              .where('last_resort_package.ref', '!=', Buffer.from(lastResort.ref)),
          )
          .execute()
      }
      return { available: await countAvailable(session.deviceId) }
    },

    async status(session) {
      const device = idBytes(session.deviceId)
      const { rows } = await sql<PoolRow>`
        SELECT l.used_at, l.expires_at, p.available FROM (
          SELECT count(*) AS available FROM key_package
          WHERE device_id = ${device} AND expires_at > ${new Date(clock.now())}) p
        LEFT JOIN last_resort_package l ON l.device_id = ${device}`.execute(database)
      const { available, used_at, expires_at } = rows[0] ?? EMPTY_POOL
      if (expires_at === null) return { available, lastResort: 'missing' }
      const bornAt = expires_at.getTime() - LIMITS.keyPackageLifetimeMs
      const isOld = clock.now() - bornAt > LAST_RESORT_AGE_MS
      return { available, lastResort: used_at !== null || isOld ? 'used' : 'fresh' }
    },

    async claim(session, accountId) {
      const own = accountId === session.accountId
      if (!own) await limits.check(`claim ${session.accountId} of ${accountId}`, CLAIM_OF_TARGET)
      await assertAccountLives(database, accountId)
      const packages = (await take(session, [accountId])).map(toClaimed)
      if (packages.length === 0 && !own) throw new ProtocolError('KEYS_PACKAGES_EXHAUSTED')
      return { packages }
    },

    async claimMany(session, accountIds) {
      const wanted = [...new Set(accountIds)]
      const allowed = await Promise.all(
        wanted.map(accountId => accountId === session.accountId || mayClaim(session, accountId)),
      )
      const rows = await take(
        session,
        wanted.filter((_, index) => allowed[index]),
      )
      const byAccount = Map.groupBy(rows, row => idText<AccountId>(row.account_id))
      return {
        accounts: [...byAccount].map(([accountId, taken]) => ({ accountId, packages: taken.map(toClaimed) })),
      }
    },
  }
}
