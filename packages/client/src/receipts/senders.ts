import { type AccountId, type ConversationId, type DeviceId, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { memberOf } from '../identity/leaf-check.ts'

type Tree = { readonly epoch: number; readonly accounts: ReadonlyMap<DeviceId, AccountId> }

/** Whose device it is that a signal comes from, by the tree and not by the server's word. */
export function createSenders({ chats, ledger }: Pick<AccountContext, 'chats' | 'ledger'>) {
  const trees = new Map<ConversationId, Promise<Tree>>()

  const epochOf = (conversationId: ConversationId): number => {
    const conversation = chats.ofConversation(conversationId)?.conversation
    return conversation?.phase === 'active' ? (conversation.keys[0]?.epoch ?? 0) : 0
  }

  const readTree = (conversationId: ConversationId): Promise<Tree> =>
    ledger.transact(async transaction => {
      await transaction.openGroup(conversationId)
      const groupId = idToBytes(conversationId)
      const status = transaction.mls.groupStatus(groupId)
      const members = status === null ? [] : transaction.mls.groupMembers(groupId)
      return {
        epoch: Number(status?.epoch ?? 0),
        accounts: new Map(members.map(memberOf).map(({ deviceId, accountId }) => [deviceId, accountId])),
      }
    })

  return {
    /** Undefined for a device that is not in the present tree. */
    async accountOf(conversationId: ConversationId, device: DeviceId): Promise<AccountId | undefined> {
      const known = await trees.get(conversationId)?.catch(() => undefined)
      if (known?.epoch === epochOf(conversationId)) return known.accounts.get(device)
      const tree = readTree(conversationId)
      trees.set(conversationId, tree)
      return (await tree).accounts.get(device)
    },
  }
}
export type Senders = ReturnType<typeof createSenders>
