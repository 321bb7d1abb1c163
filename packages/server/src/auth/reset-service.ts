import {
  type AccountId,
  type AccountSummary,
  encodeCbor,
  ProtocolError,
  type Session,
} from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import { type RateLimits, RESET_OF_HANDLE } from '../http/rate-limits.ts'
import type { AnonymousCall, AnswerOf, RequestOf } from '../http/route.ts'
import { storeIdentity } from '../keys/identity-store.ts'
import type { CheckedIdentity, KeyMaterial } from '../keys/key-material.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { Clock } from '../ports/clock.ts'
import { findAccountSummary } from './account-summaries.ts'
import type { Grants } from './grants.ts'
import type { OpaqueServer } from './opaque-server.ts'
import { assertFirstIdentity } from './registration-service.ts'
import { assertResetCode } from './reset-codes.ts'
import type { SessionService } from './session-service.ts'

export type ResetService = {
  start(request: RequestOf<'startReset'>): Promise<AnswerOf<'startReset'>>
  finish(request: RequestOf<'finishReset'>, call: AnonymousCall): Promise<Session>
  /** Lets chat forget what a crash has kept there. */
  announceResets(): Promise<void>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly opaque: OpaqueServer
  readonly material: KeyMaterial
  readonly sessions: SessionService
  readonly grants: Grants
  readonly limits: RateLimits
  readonly chat: ChatAccounts
  readonly clock: Clock
}

/** An account begins anew under a code of the operator: nothing that was sealed before is ever opened again. */
export function createResetService(dependencies: Dependencies): ResetService {
  const { database, opaque, material, sessions, grants, limits, chat, clock } = dependencies

  /** The same answer for an unknown handle as for a wrong code. */
  async function findAccount(handle: string): Promise<AccountSummary> {
    await limits.check(`reset ${handle}`, RESET_OF_HANDLE)
    return findAccountSummary(database, handle).catch(cause => {
      const isUnknown = cause instanceof ProtocolError && cause.code === 'ACCOUNT_NOT_FOUND'
      throw isUnknown ? new ProtocolError('AUTH_RESET_WRONG', {}, { cause }) : cause
    })
  }

  async function forget(accountId: AccountId): Promise<void> {
    await chat.accountReset(accountId)
    await database
      .deleteFrom('reset_code')
      .where('account_id', '=', idBytes(accountId))
      .where('used_at', 'is not', null)
      .execute()
  }

  async function begin(
    work: Transaction<UsersSchema>,
    accountId: AccountId,
    request: RequestOf<'finishReset'>,
    checked: CheckedIdentity,
  ) {
    const account_id = idBytes(accountId)
    await work.selectFrom('account').select('id').where('id', '=', account_id).forUpdate().execute()
    await assertResetCode(work, accountId, request.code, clock.now())
    await work
      .updateTable('reset_code')
      .set({ used_at: new Date() })
      .where('account_id', '=', account_id)
      .execute()
    await work
      .updateTable('account')
      .set({ opaque_record: request.registrationRecord, recovery_key: request.recoveryKey })
      .where('id', '=', account_id)
      .execute()
    await work
      .updateTable('vault')
      .set({ sealed: request.vault.sealed, wraps: encodeCbor(request.vault.wraps) })
      .where('account_id', '=', account_id)
      .execute()
    // The lists begin anew: nothing links the new account key to the old one.
    await work.deleteFrom('identity').where('account_id', '=', account_id).execute()
    await work.deleteFrom('device_list').where('account_id', '=', account_id).execute()
    return storeIdentity(work, request.identity, checked)
  }

  return {
    async start({ handle, code, registrationRequest }) {
      const account = await findAccount(handle)
      await database
        .transaction()
        .execute(work => assertResetCode(work, account.accountId, code, clock.now()))
      return { registrationResponse: opaque.respondToRegistration(handle, registrationRequest), account }
    },

    async finish(request, call) {
      const { accountId } = await findAccount(request.handle)
      const checked = material.checkIdentity(request.identity, clock.now())
      assertFirstIdentity({ ...request, accountId }, checked)
      const revocation = await database
        .transaction()
        .execute(work => begin(work, accountId, request, checked))
      await grants.voidAll(accountId)
      await sessions.announceRevoked(revocation)
      // Before the new device writes anything there.
      await forget(accountId)
      return sessions.open(accountId, request.deviceId, call)
    },

    async announceResets() {
      const untold = await database
        .selectFrom('reset_code')
        .select('account_id')
        .where('used_at', 'is not', null)
        .execute()
      for (const { account_id } of untold) await forget(idText<AccountId>(account_id))
    },
  }
}
