import { type AccountId, type DeviceId, LIMITS, ProtocolError, type Session } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { AnonymousCall, AnswerOf, RequestOf } from '../http/route.ts'
import { readIdentity } from '../keys/identity-store.ts'
import type { KeyMaterial } from '../keys/key-material.ts'
import { advanceIdentity, type ListChange } from '../keys/next-identity.ts'
import type { Clock } from '../ports/clock.ts'
import { readAccountSummary } from './account-summaries.ts'
import type { GrantKind, Grants } from './grants.ts'
import type { PasswordProofs } from './password-proofs.ts'
import type { SessionService } from './session-service.ts'
import { readVault } from './vaults.ts'

export type LoginService = {
  finish(request: RequestOf<'finishLogin'>, call: AnonymousCall): Promise<AnswerOf<'finishLogin'>>
  enrol(request: RequestOf<'enrolDevice'>, call: AnonymousCall): Promise<Session>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly proofs: PasswordProofs
  readonly grants: Grants
  readonly material: KeyMaterial
  readonly sessions: SessionService
  readonly clock: Clock
}

type EnrolmentKind = Exclude<GrantKind, 'change'>

const LOGIN_LABEL = 'entangle login'
const utf8 = new TextEncoder()

export function createLoginService(dependencies: Dependencies): LoginService {
  const { database, proofs, grants, material, sessions, clock } = dependencies

  const activeDevices = (accountId: AccountId) =>
    database
      .selectFrom('device')
      .select(['id', 'signature_key'])
      .where('account_id', '=', idBytes(accountId))
      .where('revoked_at', 'is', null)
      .execute()

  async function findGrant(
    grant: string,
  ): Promise<{ accountId: AccountId; kind: EnrolmentKind } | undefined> {
    for (const kind of ['enrolment', 'recovered-enrolment'] as const) {
      const granted = await grants.peek(kind, grant)
      if (granted !== undefined) return { accountId: granted.accountId, kind }
    }
    return undefined
  }

  return {
    async finish(request, call) {
      const accountId = await proofs.check(request)
      const devices = await activeDevices(accountId)
      const claimed = request.device
      const listed = claimed && devices.find(row => idText(row.id) === claimed.deviceId)
      if (claimed !== undefined && listed !== undefined) {
        const proven = material.verifyDeviceSignature(
          listed.signature_key,
          LOGIN_LABEL,
          utf8.encode(request.loginId),
          claimed.proof,
        )
        if (!proven) throw new ProtocolError('AUTH_DEVICE_PROOF_INVALID')
        return { kind: 'session', session: await sessions.open(accountId, claimed.deviceId, call) }
      }
      if (devices.length >= LIMITS.devicesPerAccount) throw new ProtocolError('AUTH_DEVICE_LIMIT')
      const stored = await readIdentity(database, accountId)
      if (stored === undefined) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
      return {
        kind: 'enrol',
        enrolmentGrant: await grants.issue('enrolment', accountId),
        account: await readAccountSummary(database, accountId),
        identity: stored.identity,
        activeDevices: devices.map(({ id }) => idText<DeviceId>(id)),
        vault: await readVault(database, accountId),
      }
    },

    async enrol(request, call) {
      const grant = await findGrant(request.enrolmentGrant)
      if (grant === undefined) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
      const { accountId, kind } = grant
      const checked = material.checkIdentity(request.identity, clock.now())
      const outcome = await database.transaction().execute(async work => {
        const assertAllowed = (change: ListChange) => assertEnrols(change, request.deviceId, kind)
        const step = { material, accountId, identity: request.identity, checked, assertAllowed }
        const advanced = await advanceIdentity(work, step)
        if (advanced === 'repeated') await assertNeverSignedIn(work, accountId, request.deviceId)
        return advanced
      })
      if (outcome !== 'repeated') await sessions.announceRevoked(outcome)
      const session = await sessions.open(accountId, request.deviceId, call)
      await grants.redeem(kind, request.enrolmentGrant)
      return session
    },
  }
}

/**
 * A list that enrols keeps every active device and names exactly the new one beside them. After a recovery
 * it may leave devices out: whoever has lost as many as an account may have must still come in.
 */
function assertEnrols(
  { active, added, removed, hasNewKey }: ListChange,
  deviceId: DeviceId,
  kind: EnrolmentKind,
): void {
  if (active.length - removed.length >= LIMITS.devicesPerAccount) throw new ProtocolError('AUTH_DEVICE_LIMIT')
  const keepsOthers = removed.length === 0 || kind === 'recovered-enrolment'
  if (hasNewKey || !keepsOthers || added.length !== 1 || added[0] !== deviceId) {
    throw new ProtocolError('KEYS_IDENTITY_INVALID')
  }
}

/**
 * The list is public to whoever knows the password: repeating it must not open a session of a device whose
 * key the caller has not proven. Only a device that has never had one can be in the middle of its enrolment.
 */
async function assertNeverSignedIn(
  work: Transaction<UsersSchema>,
  accountId: AccountId,
  deviceId: DeviceId,
): Promise<void> {
  const device = await work
    .selectFrom('device')
    .select('id')
    .where('id', '=', idBytes(deviceId))
    .where('account_id', '=', idBytes(accountId))
    .where('revoked_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('session').select('session.id').where('session.device_id', '=', idBytes(deviceId))),
      ),
    )
    .executeTakeFirst()
  if (device === undefined) throw new ProtocolError('KEYS_IDENTITY_INVALID')
}
