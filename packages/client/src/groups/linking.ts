import { randomBytes } from '@entangle/crypto'
import { type InviteId, LIMITS, type MessageId, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId, GroupInvite } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { type ChatRecord, type GroupChat, isOver } from '../chats/chat-record.ts'
import { ownAccountKey } from '../identity/trust.ts'
import { createInviteLink, hashAccountKey } from './invite-link.ts'
import { openInvites } from './invites.ts'
import type { GroupInviteSecret } from './state.ts'
import type { Wish } from './wish.ts'

type Room = {
  readonly context: AccountContext
  readonly ask: (chatId: ChatId, wish: Wish) => Promise<unknown>
  readonly wake: (chatId: ChatId) => void
}

/** The address of a link as this account gives it on: who has it from here knows our key by it. */
export const inviteOf = (
  context: Pick<AccountContext, 'contacts' | 'self' | 'origin'>,
  { inviteId, secret }: GroupInviteSecret,
): GroupInvite => ({
  inviteId,
  link: createInviteLink(context.origin, {
    inviteId,
    secret,
    inviter: context.self.accountId,
    accountKeyHash: hashAccountKey(ownAccountKey(context)),
  }),
})

/** Resolves once the chat is as wanted; rejects when it is over, or after the patience of a wish. */
function untilChat(
  { changes, chats, clock, timing, sender }: AccountContext,
  chatId: ChatId,
  holds: (chat: GroupChat) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (chat: ChatRecord | undefined) => {
      if (chat?.kind !== 'group' || isOver(chat)) finish(() => reject(engineFailure('ENGINE_GROUP_OVER')))
      else if (holds(chat)) finish(resolve)
    }
    const cancel = clock.after(timing.wish, () =>
      finish(() => reject(engineFailure(sender.isReady() ? 'ENGINE_GROUP_BUSY' : 'ENGINE_OFFLINE'))),
    )
    const stop = changes.listen(change => {
      if (change.chatId === chatId) look(chats.get(chatId))
    })
    const finish = (end: () => void) => {
      cancel()
      stop()
      end()
    }
    look(chats.get(chatId))
  })
}

/** All members learn the secret, then the group data names the link, then what it shows lies at the server. */
export async function openLink({ context, ask, wake }: Room, chat: GroupChat): Promise<GroupInvite> {
  const { clock, ledger, outbox } = context
  if (chat.group.data.invites.length >= LIMITS.groupInvites) throw engineFailure('ENGINE_GROUP_INVITES_FULL')
  const invite = { inviteId: readId<InviteId>(randomBytes(16)), secret: randomBytes(32) }
  const messageId: MessageId = readId(randomBytes(16))
  const content = { kind: 'invite', ...invite } as const
  await ledger.transact(transaction =>
    outbox.stageNew(transaction, chat.id, [{ messageId, content }], clock.now()),
  )
  wake(chat.id)
  const isKnown = ({ group }: GroupChat) =>
    group.state.invites.some(({ inviteId }) => inviteId === invite.inviteId)
  await untilChat(context, chat.id, isKnown)
  await ask(chat.id, { kind: 'open-link', inviteId: invite.inviteId })
  await untilChat(context, chat.id, present => isOpen(present, invite) && !present.group.staleInvites)
  return inviteOf(context, invite)
}

const isOpen = (chat: GroupChat, { inviteId }: GroupInviteSecret): boolean =>
  openInvites(chat).some(invite => invite.inviteId === inviteId)
