import { type AccountId, type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
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
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly material: KeyMaterial
  readonly limits: RateLimits
  readonly clock: Clock
}

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
   * One statement takes the package, so that of any number of parallel claims each gets another one:
   * a row that a rival has locked is skipped, a row that is gone cannot be returned.
   */
  async function takeOneTime(deviceId: DeviceId): Promise<Uint8Array | undefined> {
    const { rows } = await sql<{ key_package: Buffer }>`
      WITH taken AS (
        DELETE FROM key_package WHERE ref = (
          SELECT ref FROM key_package
          WHERE device_id = ${idBytes(deviceId)} AND expires_at > ${new Date(clock.now())}
          ORDER BY stored_at FOR UPDATE SKIP LOCKED LIMIT 1)
        RETURNING ref, key_package
      ), spent AS (
        INSERT INTO key_package_spent (ref) SELECT ref FROM taken ON CONFLICT DO NOTHING
      )
      SELECT key_package FROM taken`.execute(database)
    return rows[0]?.key_package
  }

  async function useLastResort(deviceId: DeviceId): Promise<Uint8Array | undefined> {
    const row = await database
      .updateTable('last_resort_package')
      .set({ used_at: new Date(clock.now()) })
      .where('device_id', '=', idBytes(deviceId))
      .where('expires_at', '>', new Date(clock.now()))
      .returning('key_package')
      .executeTakeFirst()
    return row?.key_package
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
      const row = await database
        .selectFrom('last_resort_package')
        .select(['used_at', 'expires_at'])
        .where('device_id', '=', idBytes(session.deviceId))
        .executeTakeFirst()
      const available = await countAvailable(session.deviceId)
      if (row === undefined) return { available, lastResort: 'missing' }
      const bornAt = row.expires_at.getTime() - LIMITS.keyPackageLifetimeMs
      const isOld = clock.now() - bornAt > LAST_RESORT_AGE_MS
      return { available, lastResort: row.used_at !== null || isOld ? 'used' : 'fresh' }
    },

    async claim(session, accountId) {
      const own = accountId === session.accountId
      if (!own) await limits.check(`claim ${session.accountId} of ${accountId}`, CLAIM_OF_TARGET)
      await assertAccountLives(database, accountId)
      const devices = await database
        .selectFrom('device')
        .select('id')
        .where('account_id', '=', idBytes(accountId))
        .where('revoked_at', 'is', null)
        // Whoever asks for their own account adds their other devices.
        .$if(own, query => query.where('id', '!=', idBytes(session.deviceId)))
        .execute()
      const packages: { deviceId: DeviceId; keyPackage: Uint8Array; lastResort: boolean }[] = []
      for (const { id } of devices) {
        const deviceId = idText<DeviceId>(id)
        const oneTime = await takeOneTime(deviceId)
        const keyPackage = oneTime ?? (await useLastResort(deviceId))
        if (keyPackage !== undefined)
          packages.push({ deviceId, keyPackage, lastResort: oneTime === undefined })
      }
      if (packages.length === 0 && !own) throw new ProtocolError('KEYS_PACKAGES_EXHAUSTED')
      return { packages }
    },
  }
}
