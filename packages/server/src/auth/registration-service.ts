import { encodeCbor, ProtocolError, type Session } from '@entangle/protocol'
import { idBytes } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { AnonymousCall, RequestOf } from '../http/route.ts'
import { readIdentity, storeIdentity } from '../keys/identity-store.ts'
import type { CheckedIdentity, KeyMaterial } from '../keys/key-material.ts'
import type { Clock } from '../ports/clock.ts'
import type { OpaqueServer } from './opaque-server.ts'
import type { SessionService } from './session-service.ts'

export type RegistrationService = {
  start(request: RequestOf<'startRegistration'>): Promise<{ registrationResponse: string }>
  finish(request: RequestOf<'finishRegistration'>, call: AnonymousCall): Promise<Session>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly opaque: OpaqueServer
  readonly material: KeyMaterial
  readonly sessions: SessionService
  readonly clock: Clock
  readonly open: boolean
}

const UNIQUE_VIOLATION = '23505'
const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  Buffer.from(left).equals(Buffer.from(right))

/** The first list of an account names its one device. Throws KEYS_IDENTITY_INVALID. */
export function assertFirstIdentity(
  request: Pick<RequestOf<'finishRegistration'>, 'accountId' | 'deviceId' | 'handle'>,
  checked: CheckedIdentity,
): void {
  const [device, ...others] = checked.devices
  const fits =
    checked.version === 1 &&
    checked.previousHash === null &&
    checked.succession === null &&
    checked.accountId === request.accountId &&
    checked.handle === request.handle &&
    device?.deviceId === request.deviceId &&
    others.length === 0
  if (!fits) throw new ProtocolError('KEYS_IDENTITY_INVALID')
}

export function createRegistrationService(dependencies: Dependencies): RegistrationService {
  const { database, opaque, material, sessions, clock } = dependencies

  const assertOpen = () => {
    if (!dependencies.open) throw new ProtocolError('AUTH_REGISTRATION_CLOSED')
  }

  /** Is this the account that the same request has made before? */
  async function wasMadeByThis(request: RequestOf<'finishRegistration'>): Promise<boolean> {
    const account = await database
      .selectFrom('account')
      .innerJoin('device', 'device.account_id', 'account.id')
      .select(['account.handle', 'account.opaque_record'])
      .where('account.id', '=', idBytes(request.accountId))
      .where('account.deleted_at', 'is', null)
      .where('device.id', '=', idBytes(request.deviceId))
      .where('device.revoked_at', 'is', null)
      .executeTakeFirst()
    if (account?.handle !== request.handle || account.opaque_record !== request.registrationRecord)
      return false
    const stored = await readIdentity(database, request.accountId)
    return (
      stored !== undefined &&
      sameBytes(stored.identity.accountKey, request.identity.accountKey) &&
      sameBytes(stored.identity.deviceList, request.identity.deviceList)
    )
  }

  async function create(request: RequestOf<'finishRegistration'>, checked: CheckedIdentity): Promise<void> {
    await database.transaction().execute(async work => {
      await work
        .insertInto('account')
        .values({
          id: idBytes(request.accountId),
          handle: request.handle,
          display_name: request.displayName,
          opaque_record: request.registrationRecord,
          recovery_key: request.recoveryKey,
        })
        .execute()
      await work
        .insertInto('vault')
        .values({
          account_id: idBytes(request.accountId),
          sealed: request.vault.sealed,
          wraps: encodeCbor(request.vault.wraps),
        })
        .execute()
      await storeIdentity(work, request.identity, checked)
    })
  }

  return {
    async start({ handle, registrationRequest }) {
      assertOpen()
      const taken = await database
        .selectFrom('account')
        .select('id')
        .where('handle', '=', handle)
        .executeTakeFirst()
      if (taken !== undefined) throw new ProtocolError('AUTH_HANDLE_TAKEN')
      return { registrationResponse: opaque.respondToRegistration(handle, registrationRequest) }
    },

    async finish(request, call) {
      assertOpen()
      const checked = material.checkIdentity(request.identity, clock.now())
      assertFirstIdentity(request, checked)
      try {
        await create(request, checked)
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
        if (!(await wasMadeByThis(request))) throw new ProtocolError('AUTH_HANDLE_TAKEN')
      }
      return sessions.open(request.accountId, request.deviceId, call)
    },
  }
}
