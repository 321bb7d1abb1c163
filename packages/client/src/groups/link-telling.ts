import { randomBytes } from '@entangle/crypto'
import { type AccountId, type MessageId, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord, GroupChat } from '../chats/chat-record.ts'
import type { MessageRecord } from '../timeline/message-record.ts'
import { type GroupRecord, heldBy, managedOf } from './group-record.ts'
import { openInvites } from './invites.ts'
import { leaversOf } from './membership.ts'
import { changedSince, type StateContent } from './state.ts'

/** What the link showed may be older than a change of so many events ago: its writer may have been slow. */
const RECENT_EVENTS = 100

/** One account that all members agree on: of those who manage the group the first by id, but not who is told. */
export function tellerOf(group: GroupRecord, told?: AccountId): AccountId | undefined {
  const leaving = leaversOf(group)
  const present = group.members.filter(accountId => accountId !== told && !leaving.has(accountId)).sort()
  const { owners, admins } = managedOf(group)
  return (
    present.find(accountId => owners.has(accountId)) ??
    present.find(accountId => admins.has(accountId)) ??
    present[0]
  )
}

/** What who came in by a link at `seq` may lack: secrets of the other links, and what was changed just before. */
function newsFor(chat: GroupChat, seq: number): StateContent[] {
  const invites = openInvites(chat)
  return [
    ...changedSince(heldBy(chat.group), seq - RECENT_EVENTS),
    ...(invites.length < 2 ? [] : invites.map(invite => ({ kind: 'invite' as const, ...invite }))),
  ]
}

const isArrival = ({ own, content }: MessageRecord): boolean =>
  !own && content.kind === 'notice' && content.notice.kind === 'joined-by-link'

/** Tells who comes in by a link what the link could not, soon after; several at once hear it together. */
export function createLinkTeller(context: AccountContext, wake: (chatId: ChatId) => void) {
  const { changes, chats, clock, diagnostics, ledger, outbox, self, timing } = context
  const timers = new Map<ChatId, () => void>()

  const isOurs = (chat: ChatRecord | undefined): chat is GroupChat =>
    chat?.kind === 'group' && chat.conversation.phase === 'active' && tellerOf(chat.group) === self.accountId

  const tell = async (chatId: ChatId, seq: number): Promise<void> => {
    await ledger.transact(transaction => {
      const chat = chats.get(chatId)
      if (!isOurs(chat)) return
      const messages = newsFor(chat, seq).map(content => ({
        messageId: readId<MessageId>(randomBytes(16)),
        content,
      }))
      outbox.stageNew(transaction, chatId, messages, clock.now())
    })
    wake(chatId)
  }

  const stopListening = changes.listen(change => {
    if (change.kind !== 'messages' || timers.has(change.chatId)) return
    const { chatId } = change
    const first = change.messages.find(isArrival)
    if (first === undefined || !isOurs(chats.get(chatId))) return
    const cancel = clock.after(between(timing.linkTelling, clock.random()), () => {
      timers.delete(chatId)
      tell(chatId, first.seq).catch(error => diagnostics.note('ARRIVAL_NOT_TOLD', error))
    })
    timers.set(chatId, cancel)
  })

  return {
    stop(): void {
      stopListening()
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}
export type LinkTeller = ReturnType<typeof createLinkTeller>
