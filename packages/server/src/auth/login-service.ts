import { type AccountId, ProtocolError, type Session } from '@entangle/protocol'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { AnonymousCall, AnswerOf, RequestOf } from '../http/route.ts'
import { readIdentity, storeIdentity } from '../keys/identity-store.ts'
import type { KeyMaterial } from '../keys/key-material.ts'
import type { Clock } from '../ports/clock.ts'
import { readAccountSummary } from './account-summaries.ts'
import type { Grants } from './grants.ts'
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
      if (devices.length > 0) throw new ProtocolError('AUTH_DEVICE_LIMIT')
      const identity = await readIdentity(database, accountId)
      if (identity === undefined) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
      const { accountKey, deviceList, certificates } = identity
      return {
        kind: 'enrol',
        enrolmentGrant: await grants.issue('enrolment', accountId),
        account: await readAccountSummary(database, accountId),
        identity: { accountKey, deviceList, certificates },
        vault: await readVault(database, accountId),
      }
    },

    async enrol(request, call) {
      const accountId = await grants.peek('enrolment', request.enrolmentGrant)
      if (accountId === undefined) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
      const checked = material.checkIdentity(request.identity, clock.now())
      await database.transaction().execute(async work => {
        // The account's row is the lock: of two devices that enrol at once, one comes second and is refused.
        const account = await work
          .selectFrom('account')
          .select(['handle', 'deleted_at'])
          .where('id', '=', idBytes(accountId))
          .forUpdate()
          .executeTakeFirst()
        const stored = await work
          .selectFrom('identity')
          .select(['account_key', 'version', 'device_list'])
          .where('account_id', '=', idBytes(accountId))
          .executeTakeFirst()
        if (account === undefined || account.deleted_at !== null || stored === undefined) {
          throw new ProtocolError('AUTH_LOGIN_EXPIRED')
        }
        const named = checked.devices.some(device => device.deviceId === request.deviceId)
        if (
          checked.accountId !== accountId ||
          checked.handle !== account.handle ||
          !named ||
          !Buffer.from(stored.account_key).equals(Buffer.from(request.identity.accountKey))
        ) {
          throw new ProtocolError('KEYS_IDENTITY_INVALID')
        }
        // The answer to the first try was lost: this list is the one that it has stored.
        if (Buffer.from(stored.device_list).equals(Buffer.from(request.identity.deviceList))) return
        const storedHash = material.hashOfList(stored.device_list)
        if (
          checked.version !== stored.version + 1 ||
          checked.previousHash === null ||
          !Buffer.from(checked.previousHash).equals(Buffer.from(storedHash))
        ) {
          throw new ProtocolError('KEYS_LIST_STALE')
        }
        const active = await work
          .selectFrom('device')
          .select('id')
          .where('account_id', '=', idBytes(accountId))
          .where('revoked_at', 'is', null)
          .execute()
        if (active.length > 0 || checked.devices.length > 1) throw new ProtocolError('AUTH_DEVICE_LIMIT')
        await storeIdentity(work, request.identity, checked)
      })
      const session = await sessions.open(accountId, request.deviceId, call)
      await grants.redeem('enrolment', request.enrolmentGrant)
      return session
    },
  }
}
