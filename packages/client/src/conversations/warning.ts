import type { AccountId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { directChatId } from '../chats/chat-record.ts'

/** From here on nothing is encrypted for this person. */
export async function warnOfIdentity({ chats, ledger }: AccountContext, accountId: AccountId): Promise<void> {
  await ledger.transact(transaction => {
    const chat = chats.get(directChatId(accountId))
    if (chat !== undefined && chat.warning === null) {
      chats.stage(transaction, { ...chat, warning: 'identity-changed', suspect: accountId })
    }
  })
}

/** The account was deleted: what is here stays, nothing more can be sent. */
export async function markGone({ chats, ledger }: AccountContext, accountId: AccountId): Promise<void> {
  await ledger.transact(transaction => {
    const chat = chats.get(directChatId(accountId))
    if (chat?.kind === 'direct' && !chat.peer.gone) {
      chats.stage(transaction, { ...chat, peer: { ...chat.peer, gone: true } })
    }
  })
}
