import type { ChatId, EngineRequests, GroupMember, GroupSummary, Notice, TimelineRow } from '@entangle/client'
import type { AccountId } from '@entangle/protocol'
import { inviteOf, PICTURE } from './group-scenes.ts'
import { ADA, nextId, STRANGER, textRow } from './people.ts'
import type { Scene } from './scenes.ts'
import { pause, ScriptedError } from './scripted-error.ts'

type Stage = {
  readonly scene: Scene
  readonly append: (chatId: ChatId, row: TimelineRow) => void
  readonly emitChats: () => void
  readonly rowsOf: (chatId: ChatId) => readonly TimelineRow[]
}

type GroupRequests = Pick<
  EngineRequests,
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
>

const RANK = { owner: 0, admin: 1, member: 2 }

/**
 * What the scripted engine does with groups. A link that ends in `gone` is revoked, in `open` unchecked, in `other` of
 * an identity that is another one by now.
 */
export function scriptGroups({ scene, append, emitChats, rowsOf }: Stage): GroupRequests {
  const membersOf = (id: ChatId) => scene.members.get(id) ?? []
  const tell = (id: ChatId, notice: Notice) =>
    append(id, {
      ...textRow(scene.me.accountId, { own: true, text: '', at: Date.now() }, rowsOf(id).length + 1),
      content: { kind: 'notice', notice },
      delivery: null,
    })
  const changeGroup = (id: ChatId, over: Partial<GroupSummary['group']>) => {
    scene.chats = scene.chats.map(chat =>
      chat.id === id && chat.kind === 'group'
        ? {
            ...chat,
            group: {
              ...chat.group,
              ...over,
              memberCount: membersOf(id).length,
              revision: chat.group.revision + 1,
            },
          }
        : chat,
    )
    emitChats()
  }
  const setMembers = (id: ChatId, members: GroupMember[]) => {
    scene.members.set(id, members)
    changeGroup(id, {})
  }
  const memberOf = (accountId: AccountId): GroupMember => ({
    account: scene.people.get(accountId) ?? STRANGER,
    role: 'member',
    self: false,
    basis: 'first-use',
  })
  const makeGroup = (name: string, members: GroupMember[], group: Partial<GroupSummary['group']>): ChatId => {
    const id = `group-${nextId()}` as ChatId
    scene.members.set(id, members)
    scene.rows.set(id, [])
    scene.chats.push({
      id,
      kind: 'group',
      standing: 'accepted',
      unread: 0,
      last: null,
      activity: Date.now(),
      draft: '',
      typing: [],
      warning: null,
      doubt: null,
      group: {
        name,
        topic: '',
        picture: null,
        memberCount: members.length,
        role: 'owner',
        phase: 'active',
        revision: 1,
        ...group,
      },
      addedBy: null,
      suspect: null,
    })
    return id
  }
  const self = (): GroupMember => ({ account: scene.me, role: 'owner', self: true, basis: 'verified' })

  return {
    createGroup: async ({ name, accountIds }) => {
      await pause(300)
      const id = makeGroup(name, [self(), ...accountIds.map(memberOf)], {})
      tell(id, { kind: 'group-created' })
      if (accountIds.length > 0) tell(id, { kind: 'added', people: accountIds })
      return id
    },
    addMembers: async ({ chatId, accountIds }) => {
      await pause(600)
      const missing = accountIds.filter(id => id === 'f'.repeat(32))
      const added = accountIds.filter(id => !missing.includes(id))
      setMembers(chatId, [...membersOf(chatId), ...added.map(memberOf)])
      if (added.length > 0) tell(chatId, { kind: 'added', people: added })
      return { missing }
    },
    removeMember: async ({ chatId, accountId }) => {
      await pause(500)
      setMembers(
        chatId,
        membersOf(chatId).filter(member => member.account.accountId !== accountId),
      )
      tell(chatId, { kind: 'removed', people: [accountId] })
    },
    leaveGroup: async ({ chatId }) => {
      await pause(500)
      tell(chatId, { kind: 'left' })
      changeGroup(chatId, { phase: 'left' })
    },
    setRole: async ({ chatId, accountId, role }) => {
      await pause(500)
      setMembers(
        chatId,
        membersOf(chatId).map(member =>
          member.account.accountId === accountId ? { ...member, role } : member,
        ),
      )
      tell(chatId, { kind: 'role-changed', person: accountId, role })
    },
    editGroup: async ({ chatId, name, topic, picture }) => {
      await pause(200)
      changeGroup(chatId, {
        ...(name === undefined ? {} : { name }),
        ...(topic === undefined ? {} : { topic }),
        ...(picture === undefined ? {} : { picture }),
      })
      if (name !== undefined) tell(chatId, { kind: 'renamed', name })
      if (topic !== undefined) tell(chatId, { kind: 'topic-changed', topic })
      if (picture !== undefined) tell(chatId, { kind: 'picture-changed', removed: picture === null })
    },
    listMembers: async ({ chatId }) => {
      await pause(scene.slow)
      return [...membersOf(chatId)].sort(
        (left, right) =>
          RANK[left.role] - RANK[right.role] ||
          left.account.displayName.localeCompare(right.account.displayName),
      )
    },
    listInvites: async ({ chatId }) => scene.invites.get(chatId) ?? [],
    createInvite: async ({ chatId }) => {
      await pause(500)
      const invite = inviteOf()
      const open = [...(scene.invites.get(chatId) ?? []), invite]
      scene.invites.set(chatId, open)
      tell(chatId, { kind: 'links-changed', open: open.length })
      changeGroup(chatId, {})
      return invite
    },
    revokeInvite: async ({ chatId, inviteId }) => {
      await pause(500)
      const open = (scene.invites.get(chatId) ?? []).filter(invite => invite.inviteId !== inviteId)
      scene.invites.set(chatId, open)
      tell(chatId, { kind: 'links-changed', open: open.length })
      changeGroup(chatId, {})
    },
    readInvite: async ({ link }) => {
      await pause(700)
      if (scene.connection.phase !== 'online') throw new ScriptedError('ENGINE_OFFLINE', 'away')
      if (link.endsWith('gone')) throw new ScriptedError('CHAT_INVITE_INVALID', 'gone')
      if (link.endsWith('other')) throw new ScriptedError('ENGINE_IDENTITY_CHANGED', 'another key')
      if (link.length < 8) throw new ScriptedError('ENGINE_INVITE_INVALID', 'short')
      return {
        name: 'Harbour choir',
        topic: 'Tuesdays at half past seven, in the old customs house.',
        picture: PICTURE,
        memberCount: 23,
        invitedBy: link.endsWith('open') ? null : ADA,
        chatId: link.endsWith('mine') ? ('group-allotment' as ChatId) : null,
      }
    },
    joinByInvite: async () => {
      await pause(900)
      const id = makeGroup(
        'Harbour choir',
        [
          { ...self(), role: 'member' },
          { ...memberOf(ADA.accountId), role: 'owner' },
        ],
        {
          role: 'member',
          picture: PICTURE,
        },
      )
      tell(id, { kind: 'joined-by-link' })
      return id
    },
    forgetGroup: async ({ chatId }) => {
      await pause(300)
      scene.chats = scene.chats.filter(chat => chat.id !== chatId)
      emitChats()
    },
  }
}
