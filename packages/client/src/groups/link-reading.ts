import { type AccountId, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { InvitePreview } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { equalBytes } from '../bytes.ts'
import { groupChatId } from '../chats/chat-record.ts'
import { openTree } from '../conversations/tree-check.ts'
import { refreshContacts } from '../identity/directory.ts'
import { basisOf, ownAccountKey, stageVerified } from '../identity/trust.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import { hashAccountKey, type InviteLink, parseInviteLink } from './invite-link.ts'
import { accountsOf } from './membership.ts'
import { inviteSnapshotKey, openSnapshot } from './snapshot.ts'
import type { HeldState } from './state.ts'

/** What stands behind a link: the group as the server has it, and its state as the link's secret opens it. */
export type OpenInvite = {
  readonly link: InviteLink
  readonly answer: AnswerOf<'readInvite'>
  readonly held: HeldState
  readonly members: ReadonlySet<AccountId>
  /** Who made the link, as far as they are a member and their account key is the one that the link names. */
  readonly inviter: AccountId | null
}

/** The link came from the inviter: their key is known by it, whatever the directory says. */
async function verifyInviter(context: AccountContext, link: InviteLink): Promise<boolean> {
  const { contacts, ledger, self } = context
  const { inviter, accountKeyHash } = link
  if (inviter === self.accountId) return equalBytes(hashAccountKey(ownAccountKey(context)), accountKeyHash)
  await refreshContacts(context, [inviter])
  return ledger.transact(transaction => {
    const contact = contacts.get(inviter)
    if (contact === undefined || !equalBytes(hashAccountKey(contact.record.accountKey), accountKeyHash)) {
      return false
    }
    if (basisOf(context, contact.record) !== 'verified') {
      stageVerified(context, transaction, inviter, contact.record.accountKey)
    }
    return true
  })
}

/** Throws ENGINE_INVITE_INVALID; ENGINE_IDENTITY_CHANGED where the inviter's key is not the one of the link. */
export async function openInvite(context: AccountContext, text: string): Promise<OpenInvite> {
  const link = parseInviteLink(text)
  if (link === undefined) throw engineFailure('ENGINE_INVITE_INVALID')
  const answer = await context.calls.call('readInvite', { inviteId: link.inviteId }).catch(error => {
    const isOver = error instanceof ProtocolError && error.code === 'CHAT_INVITE_INVALID'
    throw isOver ? engineFailure('ENGINE_INVITE_INVALID') : error
  })
  const { conversationId, sealed } = answer
  const place = { for: 'invite', conversationId, inviteId: link.inviteId } as const
  const held = openSnapshot(inviteSnapshotKey(link.inviteId, link.secret), place, sealed)
  const { leaves, data } = openTree(context, answer)
  if (held === undefined || data?.kind !== 'group') throw engineFailure('ENGINE_INVITE_INVALID')
  const members = accountsOf(leaves)
  const isMember = members.has(link.inviter)
  if (isMember && !(await verifyInviter(context, link))) throw engineFailure('ENGINE_IDENTITY_CHANGED')
  return { link, answer, held, members, inviter: isMember ? link.inviter : null }
}

/** What a person sees before deciding to come in. */
export async function previewInvite(context: AccountContext, text: string): Promise<InvitePreview> {
  const { answer, held, members, inviter } = await openInvite(context, text)
  const { state } = held
  const { people, self, chats } = context
  if (inviter !== null) await people.read([inviter]).catch(() => undefined)
  const chat = chats.get(groupChatId(answer.conversationId))
  const isIn = members.has(self.accountId) && chat !== undefined
  return {
    name: state.name,
    topic: state.topic,
    picture: state.picture,
    memberCount: members.size,
    invitedBy: inviter === null ? null : people.describe(inviter),
    chatId: isIn ? chat.id : null,
  }
}
