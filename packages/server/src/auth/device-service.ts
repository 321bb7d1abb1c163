import { type AccountId, type DeviceId, ProtocolError } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { KeyMaterial } from '../keys/key-material.ts'
import { advanceIdentity, type ListChange } from '../keys/next-identity.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { Grants } from './grants.ts'
import type { SessionPlace, SessionPlaces } from './session-places.ts'
import type { SessionService } from './session-service.ts'
import { replaceVault } from './vaults.ts'

export type DeviceService = {
  list(session: DeviceSession): Promise<AnswerOf<'listDevices'>>
  replace(session: DeviceSession, request: RequestOf<'replaceDevices'>): Promise<void>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly material: KeyMaterial
  readonly grants: Grants
  readonly sessions: SessionService
  readonly places: SessionPlaces
  readonly clock: Clock
}

export function createDeviceService(dependencies: Dependencies): DeviceService {
  const { database, material, grants, sessions, places, clock } = dependencies

  /** Of the devices that are signed in. */
  async function readPlaces(accountId: AccountId): Promise<ReadonlyMap<DeviceId, SessionPlace>> {
    const rows = await database
      .selectFrom('session')
      .select(['id', 'device_id', 'seen'])
      .where('account_id', '=', idBytes(accountId))
      .where('ended_at', 'is', null)
      .execute()
    return places.open(rows)
  }

  return {
    async list({ accountId }) {
      const rows = await database
        .selectFrom('device')
        .select(['id', 'created_at', 'last_seen_at'])
        .where('account_id', '=', idBytes(accountId))
        .where('revoked_at', 'is', null)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      const seen = await readPlaces(accountId)
      const devices = rows.map(row => {
        const deviceId = idText<DeviceId>(row.id)
        const { address, client } = seen.get(deviceId) ?? {}
        return {
          deviceId,
          enrolledAt: row.created_at.getTime(),
          lastSeenAt: row.last_seen_at.getTime(),
          ...(address !== undefined && { lastAddress: address }),
          ...(client !== undefined && { lastClient: client }),
        }
      })
      return { devices }
    },

    async replace({ accountId, deviceId }, request) {
      const granted = await grants.peek('change', request.changeGrant)
      if (granted?.accountId !== accountId) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
      const checked = material.checkIdentity(request.identity, clock.now())
      const assertAllowed = (change: ListChange) => assertOnlyRemoves(change, deviceId)
      const outcome = await database.transaction().execute(async work => {
        const step = { material, accountId, identity: request.identity, checked, assertAllowed }
        const advanced = await advanceIdentity(work, step)
        if (advanced === 'repeated') await assertStillActive(work, deviceId)
        await replaceVault(work, granted, request.vault)
        return advanced
      })
      // Before anything that may fail: whoever was removed is cut off now.
      if (outcome !== 'repeated') await sessions.announceRevoked(outcome)
      await grants.redeem('change', request.changeGrant)
    },
  }
}

/** Devices come in by enrolment alone, and whoever removes others stays. */
function assertOnlyRemoves({ active, added, removed }: ListChange, self: DeviceId): void {
  if (added.length > 0 || !active.includes(self) || removed.includes(self)) {
    throw new ProtocolError('KEYS_IDENTITY_INVALID')
  }
}

/** Removed by another device while this request was under way, it must not put back its own vault. */
async function assertStillActive(work: Transaction<UsersSchema>, deviceId: DeviceId): Promise<void> {
  const device = await work
    .selectFrom('device')
    .select('id')
    .where('id', '=', idBytes(deviceId))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (device === undefined) throw new ProtocolError('AUTH_DEVICE_UNKNOWN')
}
