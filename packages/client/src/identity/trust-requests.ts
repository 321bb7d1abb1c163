import { createSafetyNumber } from '@entangle/crypto'
import { type AccountId, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId, EngineRequests } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { concerns } from '../chats/chat-record.ts'
import { acceptContact, IdentityMismatch, refreshContact, stageAcceptedPin } from './directory.ts'
import { basisOf, isCompared, ownAccountKey, stageAccepted, stageVerified } from './trust.ts'

/** What a person says of whom to trust. */
export function createTrustRequests(context: AccountContext, wake: (chatId: ChatId) => void) {
  const { chats, contacts, ledger, self, sender } = context

  const contactOf = async (accountId: AccountId) =>
    contacts.get(accountId) ?? (await refreshContact(context, accountId))

  const digitsOf = (accountId: AccountId, accountKey: Uint8Array) =>
    createSafetyNumber(
      { accountId: idToBytes(self.accountId), accountPublicKey: ownAccountKey(context) },
      { accountId: idToBytes(accountId), accountPublicKey: accountKey },
    )

  const wakeAll = (accountId: AccountId) => {
    for (const chat of chats.all()) if (concerns(chat, accountId)) wake(chat.id)
  }

  return {
    async acceptIdentity({ accountId }: Parameters<EngineRequests['acceptIdentity']>[0]): Promise<void> {
      try {
        await acceptContact(context, accountId)
      } catch (error) {
        throw error instanceof IdentityMismatch ? engineFailure('ENGINE_IDENTITY_CHANGED') : error
      }
      wakeAll(accountId)
      // A Welcome may wait that was not followed before.
      sender.control({ t: 'heads' })
    },

    async verifyContact({
      accountId,
      digits,
    }: Parameters<EngineRequests['verifyContact']>[0]): Promise<void> {
      const compared = digits.replace(/\D/g, '')
      await contactOf(accountId)
      await ledger.transact(transaction => {
        const accountKey = contacts.get(accountId)?.record.accountKey
        if (accountKey === undefined || digitsOf(accountId, accountKey) !== compared) {
          throw engineFailure('ENGINE_SAFETY_NUMBER_OTHER')
        }
        // Whoever compares the number of the key that came after the compared one goes on with it.
        const isNext = isCompared(context, accountId) && !isCompared(context, accountId, accountKey)
        stageVerified(context, transaction, accountId, accountKey)
        if (!isNext) return
        stageAccepted(context, transaction, accountId, accountKey)
        stageAcceptedPin(context, transaction, accountId)
      })
      wakeAll(accountId)
    },

    async unverifyContact({ accountId }: Parameters<EngineRequests['unverifyContact']>[0]): Promise<void> {
      await ledger.transact(transaction => stageVerified(context, transaction, accountId, null))
    },

    async readSafetyNumber({
      accountId,
    }: Parameters<EngineRequests['readSafetyNumber']>[0]): ReturnType<EngineRequests['readSafetyNumber']> {
      const { record } = await contactOf(accountId)
      const { changedAt } = record
      return {
        digits: digitsOf(accountId, record.accountKey),
        basis: basisOf(context, record),
        ...(changedAt === undefined ? {} : { changedAt }),
      }
    },
  }
}
export type TrustRequests = ReturnType<typeof createTrustRequests>
