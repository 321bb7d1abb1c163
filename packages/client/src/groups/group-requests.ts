import { isManager, LIMITS, mayRemove, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatMirror } from '../account-state/chat-mirror.ts'
import type { ChatId, EngineRequests } from '../api/engine-api.ts'
import { toEngineError } from '../api/engine-errors.ts'
import { engineFailure } from '../api/failures.ts'
import { type GroupChat, isOver } from '../chats/chat-record.ts'
import { editGroup, parseGroupName } from './editing.ts'
import { forgetGroup } from './forgetting.ts'
import { foundManagedGroup } from './founding-group.ts'
import { managedOf, roleIn } from './group-record.ts'
import { openInvites } from './invites.ts'
import { joinByLink } from './link-joining.ts'
import { previewInvite } from './link-reading.ts'
import { inviteOf, openLink } from './linking.ts'
import { listMembers } from './listing.ts'
import { type Wish, withRole } from './wish.ts'
import type { WishOutcome } from './wishes.ts'

type GroupRequestName =
  | 'createGroup'
  | 'addMembers'
  | 'removeMember'
  | 'leaveGroup'
  | 'setRole'
  | 'editGroup'
  | 'listMembers'
  | 'listInvites'
  | 'createInvite'
  | 'revokeInvite'
  | 'readInvite'
  | 'joinByInvite'
  | 'forgetGroup'

export type GroupRequests = Pick<EngineRequests, GroupRequestName>

/** What a person asks of groups. */
export function createGroupRequests(room: {
  readonly context: AccountContext
  readonly mirror: Pick<ChatMirror, 'stage'>
  readonly wake: (chatId: ChatId) => void
  /** Resolves when the group has accepted it. */
  readonly ask: (chatId: ChatId, wish: Wish) => Promise<WishOutcome>
}): GroupRequests {
  const { context, mirror, wake } = room
  const { chats, counter, self, sender } = context

  const known = (chatId: ChatId): GroupChat => {
    const chat = chats.get(chatId)
    if (chat?.kind !== 'group') throw engineFailure('ENGINE_CHAT_UNKNOWN')
    return chat
  }

  /** A group in which something can be changed now. */
  const present = (chatId: ChatId): GroupChat => {
    const chat = known(chatId)
    if (isOver(chat)) throw engineFailure('ENGINE_GROUP_OVER')
    if (counter.isRolledBack()) throw toEngineError(new ProtocolError('CHAT_DEVICE_ROLLED_BACK'))
    if (chat.warning !== null) throw engineFailure('ENGINE_IDENTITY_CHANGED')
    if (!sender.isReady()) throw engineFailure('ENGINE_OFFLINE')
    return chat
  }

  const managed = (chatId: ChatId): GroupChat => {
    const chat = present(chatId)
    if (!isManager(roleIn(chat.group, self.accountId))) throw engineFailure('ENGINE_GROUP_ROLE')
    return chat
  }

  const member = ({ group }: GroupChat, accountId: GroupChat['group']['members'][number]) => {
    if (!group.members.includes(accountId)) throw engineFailure('ENGINE_GROUP_MEMBER_UNKNOWN')
  }

  return {
    async createGroup({ name, accountIds }) {
      const chatId = await foundManagedGroup(context, parseGroupName(name), accountIds)
      wake(chatId)
      return chatId
    },

    async addMembers({ chatId, accountIds }) {
      const { group } = managed(chatId)
      const all = new Set([...group.members, ...accountIds])
      if (all.size > LIMITS.groupMembers) throw toEngineError(new ProtocolError('CHAT_GROUP_FULL'))
      return room.ask(chatId, { kind: 'add', accountIds: [...new Set(accountIds)] })
    },

    async removeMember({ chatId, accountId }) {
      const chat = managed(chatId)
      member(chat, accountId)
      const isAllowed = mayRemove(roleIn(chat.group, self.accountId), roleIn(chat.group, accountId))
      if (accountId === self.accountId || !isAllowed) throw engineFailure('ENGINE_GROUP_ROLE')
      await room.ask(chatId, { kind: 'remove', accountId })
    },

    async leaveGroup({ chatId }) {
      present(chatId)
      await room.ask(chatId, { kind: 'leave' })
    },

    async setRole({ chatId, accountId, role }) {
      const chat = present(chatId)
      if (roleIn(chat.group, self.accountId) !== 'owner') throw engineFailure('ENGINE_GROUP_ROLE')
      member(chat, accountId)
      const { owners, admins } = withRole(managedOf(chat.group), self.accountId, accountId, role)
      if (Math.max(owners.size, admins.size) > LIMITS.groupManagers) {
        throw engineFailure('ENGINE_GROUP_MANAGERS_FULL')
      }
      await room.ask(chatId, { kind: 'role', accountId, role })
    },

    editGroup: input => editGroup(context, input, wake),

    listMembers: async ({ chatId }) => listMembers(context, known(chatId)),

    listInvites: async ({ chatId }) => openInvites(known(chatId)).map(invite => inviteOf(context, invite)),

    createInvite: async ({ chatId }) => openLink(room, managed(chatId)),

    async revokeInvite({ chatId, inviteId }) {
      managed(chatId)
      await room.ask(chatId, { kind: 'close-link', inviteId })
    },

    readInvite: ({ link }) => previewInvite(context, link),

    async joinByInvite({ link }) {
      if (counter.isRolledBack()) throw toEngineError(new ProtocolError('CHAT_DEVICE_ROLLED_BACK'))
      const chatId = await joinByLink(context, link)
      wake(chatId)
      return chatId
    },

    forgetGroup: ({ chatId }) => forgetGroup(context, mirror, chatId),
  }
}
