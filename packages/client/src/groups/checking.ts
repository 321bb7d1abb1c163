import { type AccountId, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { strangersIn } from '../conversations/tree-check.ts'
import { refreshContacts } from '../identity/directory.ts'
import { memberOf } from '../identity/leaf-check.ts'

/** Accounts at once: what is written and said meanwhile does not wait long. */
const PORTION = 25

/**
 * Checks some of the members whose leaves were not looked at yet. Nothing is sent to the group before all are.
 * Answers whether there were any. Throws IdentityMismatch.
 */
export async function checkSome(context: AccountContext, chat: GroupChat): Promise<boolean> {
  const portion = new Set<AccountId>(chat.group.unchecked.slice(0, PORTION))
  if (portion.size === 0 || chat.conversation.phase !== 'active') return false
  const { chats, clock, ledger } = context
  const { conversationId } = chat.conversation
  await refreshContacts(context, portion)
  await ledger.transact(async transaction => {
    const present = chats.get(chat.id)
    if (present?.kind !== 'group' || present.conversation.phase !== 'active') return
    await transaction.openGroup(conversationId)
    const leaves = transaction.mls
      .groupMembers(idToBytes(conversationId))
      .filter(leaf => portion.has(memberOf(leaf).accountId))
    const found = strangersIn(context, leaves)
    const { group, conversation } = present
    const strangers = [...new Set([...conversation.strangers, ...found])]
    chats.stage(transaction, {
      ...present,
      group: { ...group, unchecked: group.unchecked.filter(accountId => !portion.has(accountId)) },
      conversation: {
        ...conversation,
        strangers,
        sweepDueAt: found.length === 0 ? conversation.sweepDueAt : clock.now(),
      },
    })
  })
  return true
}
