import { type AccountId, type AccountSummary, ProtocolError } from '@entangle/protocol'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import { revokeDevice } from '../keys/identity-store.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { DeviceSession, SessionId } from '../ports/session-verifier.ts'
import { readAccountSummary } from './account-summaries.ts'
import type { Grants } from './grants.ts'
import type { OpaqueServer } from './opaque-server.ts'
import type { PasswordProofs } from './password-proofs.ts'
import { endSessions, type SessionService } from './session-service.ts'
import { readVault, replaceVault, tagOf } from './vaults.ts'

export type AccountService = {
  startPasswordChange(
    session: DeviceSession,
    registrationRequest: string,
  ): Promise<{ registrationResponse: string }>
  finishPasswordChange(session: DeviceSession, request: RequestOf<'finishPasswordChange'>): Promise<void>
  fetchVault(session: DeviceSession, request: RequestOf<'fetchVault'>): Promise<AnswerOf<'fetchVault'>>
  delete(session: DeviceSession, request: RequestOf<'deleteAccount'>): Promise<void>
  updateProfile(session: DeviceSession, displayName: string): Promise<AccountSummary>
  /** Tells chat of deletions that a crash kept from it. */
  announceDeletions(): Promise<void>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly opaque: OpaqueServer
  readonly proofs: PasswordProofs
  readonly grants: Grants
  readonly sessions: SessionService
  readonly chat: ChatAccounts
}

export function createAccountService(dependencies: Dependencies): AccountService {
  const { database, opaque, proofs, grants, sessions, chat } = dependencies

  async function tellChat(accountId: AccountId): Promise<void> {
    await chat.accountDeleted(accountId)
    await database
      .updateTable('account')
      .set({ chat_told_at: new Date() })
      .where('id', '=', idBytes(accountId))
      .execute()
  }

  return {
    async startPasswordChange({ accountId }, registrationRequest) {
      const { handle } = await readAccountSummary(database, accountId)
      return { registrationResponse: opaque.respondToRegistration(handle, registrationRequest) }
    },

    async finishPasswordChange({ accountId, sessionId }, request) {
      const granted = await grants.peek('change', request.changeGrant)
      if (granted?.accountId !== accountId) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
      const id = idBytes(accountId)
      const ended = await database.transaction().execute(async work => {
        await work
          .updateTable('account')
          .set({
            opaque_record: request.registrationRecord,
            ...(request.recoveryKey === undefined ? {} : { recovery_key: request.recoveryKey }),
          })
          .where('id', '=', id)
          .where('deleted_at', 'is', null)
          .execute()
        await replaceVault(work, granted, request.vault)
        return endSessions(work, 'account_id', id, sessionId)
      })
      // Last: if the answer is lost, the same request may be repeated until the grant expires or is used.
      // With it go those that somebody may hold who knew the old password.
      await grants.voidAll(accountId)
      sessions.announceEnded(ended)
    },

    async fetchVault({ accountId }, { proof }) {
      await proofs.checkFor(accountId, proof)
      const vault = await readVault(database, accountId)
      return { vault, changeGrant: await grants.issue('change', accountId, tagOf(vault)) }
    },

    async delete({ accountId }, { proof }) {
      await proofs.checkFor(accountId, proof)
      const id = idBytes(accountId)
      const ended = await database.transaction().execute(async work => {
        await work
          .updateTable('account')
          .set({ deleted_at: new Date(), opaque_record: null, recovery_key: null, display_name: '' })
          .where('id', '=', id)
          .execute()
        await work.deleteFrom('vault').where('account_id', '=', id).execute()
        await work.deleteFrom('identity').where('account_id', '=', id).execute()
        await work.deleteFrom('device_list').where('account_id', '=', id).execute()
        const devices = await work.selectFrom('device').select('id').where('account_id', '=', id).execute()
        const closed: SessionId[] = []
        for (const device of devices) closed.push(...(await revokeDevice(work, idText(device.id))))
        await work.deleteFrom('session').where('account_id', '=', id).execute()
        await work.deleteFrom('device').where('account_id', '=', id).execute()
        return closed
      })
      sessions.announceEnded(ended)
      await tellChat(accountId)
    },

    async updateProfile({ accountId }, displayName) {
      await database
        .updateTable('account')
        .set({ display_name: displayName })
        .where('id', '=', idBytes(accountId))
        .where('deleted_at', 'is', null)
        .execute()
      return readAccountSummary(database, accountId)
    },

    async announceDeletions() {
      const untold = await database
        .selectFrom('account')
        .select('id')
        .where('deleted_at', 'is not', null)
        .where('chat_told_at', 'is', null)
        .execute()
      for (const { id } of untold) await tellChat(idText<AccountId>(id))
    },
  }
}
