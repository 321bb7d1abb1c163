import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { type ChatRecord, peerOf } from '../chats/chat-record.ts'
import { readUpTo } from '../chats/reading.ts'
import type { Transaction } from '../store/ledger.ts'
import type { StateEntry, StateValue } from './state-entry.ts'
import { stateNames } from './state-names.ts'

type MirrorRoom = Pick<
  AccountContext,
  'changes' | 'chats' | 'clock' | 'diagnostics' | 'ledger' | 'log' | 'state' | 'timing'
>

const isRefusal = (
  value: StateValue | undefined,
): value is { readonly is: 'refused'; readonly seq: number } =>
  typeof value === 'object' && value?.['is'] === 'refused' && typeof value['seq'] === 'number'

const isAcceptance = (value: StateValue | undefined): boolean =>
  typeof value === 'object' && value?.['is'] === 'accepted'

/** Asked for and not accepted. A device that finds the conversation anew would take it for accepted. */
const isUnanswered = (value: StateValue | undefined): boolean =>
  isRefusal(value) || (typeof value === 'object' && value?.['is'] === 'request')

const conversationOf = ({ conversation }: ChatRecord) =>
  conversation.phase === 'none' ? undefined : conversation.conversationId

/** Keeps chats and the account state alike: what is decided here is written there, and the other way round. */
export function createChatMirror(room: MirrorRoom) {
  const { changes, chats, clock, diagnostics, ledger, log, state, timing } = room
  /** When the composer was last used on this device. */
  const edited = new Map<ChatId, number>()
  /** Chats, with the group behind them, to which the state was applied since the start. */
  const aligned = new Set<string>()

  const isEditing = (chatId: ChatId) => clock.now() - (edited.get(chatId) ?? 0) < timing.editing

  const withDecisions = (chat: ChatRecord): ChatRecord => {
    const peer = peerOf(chat)
    const blocked = peer && state.read(stateNames.blocked(peer.accountId))
    const standing = state.read(stateNames.standing(chat.id))
    const draft = state.read(stateNames.draft(chat.id))
    let next = chat
    if (typeof blocked === 'boolean' && blocked !== chat.blocked) {
      next = blocked ? { ...next, blocked, unread: 0 } : { ...next, blocked, hidden: false }
    }
    if (isAcceptance(standing) && chat.standing !== 'accepted') {
      next = { ...next, standing: 'accepted', hidden: false }
    }
    if (isUnanswered(standing) && chat.standing !== 'request') next = { ...next, standing: 'request' }
    if (isRefusal(standing) && !chat.hidden && chat.peerSeq <= standing.seq) {
      next = { ...next, hidden: true, unread: 0, readSeq: Math.max(chat.readSeq, chat.peerSeq) }
    }
    if (typeof draft === 'string' && draft !== chat.draft && !isEditing(chat.id)) next = { ...next, draft }
    return next
  }

  /** What is known here and not in the state: from before there was one, or further than its writer knew of. */
  const contribute = (transaction: Transaction, chat: ChatRecord): void => {
    const conversationId = conversationOf(chat)
    const put = (name: string, value: StateValue) => state.stage(transaction, name, value)
    if (conversationId !== undefined) {
      const read = state.read(stateNames.read(conversationId)) ?? 0
      if (typeof read === 'number' && chat.readSeq > read) put(stateNames.read(conversationId), chat.readSeq)
    }
    const peer = peerOf(chat)
    const blocked = peer && stateNames.blocked(peer.accountId)
    if (chat.blocked && blocked !== undefined && state.read(blocked) === undefined) put(blocked, true)
    const standing = stateNames.standing(chat.id)
    if (chat.standing === 'request') state.stageDefault(transaction, standing, { is: 'request' })
    if (chat.standing === 'accepted' && state.read(standing) === undefined) put(standing, { is: 'accepted' })
  }

  /** Part of a transaction: what the state says of a chat becomes what the chat is. */
  const align = async (transaction: Transaction, chat: ChatRecord): Promise<void> => {
    const decided = withDecisions(chat)
    const conversationId = conversationOf(chat)
    const read = conversationId === undefined ? undefined : state.read(stateNames.read(conversationId))
    const next = typeof read === 'number' ? ((await readUpTo(log, decided, read)) ?? decided) : decided
    if (next !== chat) chats.stage(transaction, next)
    if (state.isKnown()) contribute(transaction, chat)
  }

  const alignNew = (chatId: ChatId): void => {
    const chat = chats.get(chatId)
    if (chat === undefined) return
    const place = `${chatId} ${conversationOf(chat) ?? ''}`
    if (aligned.has(place)) return
    aligned.add(place)
    ledger
      .transact(async transaction => {
        const present = chats.get(chatId)
        if (present !== undefined) await align(transaction, present)
      })
      .catch(error => diagnostics.note('STATE_NOT_APPLIED', error))
  }

  const alignAll = () => {
    for (const chat of chats.all()) alignNew(chat.id)
  }

  let isKnown = state.isKnown()
  const stops = [
    changes.listen(({ chatId }) => alignNew(chatId)),
    state.listen(() => {
      if (isKnown || !state.isKnown()) return
      isKnown = true
      aligned.clear()
      alignAll()
    }),
  ]

  return {
    /** After a start: what a crash has left apart is brought together again. */
    alignAll,
    /** Part of the transaction that stores entries of other devices; memory has them once it is durable. */
    apply(transaction: Transaction, changed: readonly StateEntry[]): void {
      const names = new Set(changed.map(({ name }) => name))
      const concerns = (chat: ChatRecord) => {
        const conversationId = conversationOf(chat)
        const peer = peerOf(chat)
        return (
          (peer !== undefined && names.has(stateNames.blocked(peer.accountId))) ||
          names.has(stateNames.standing(chat.id)) ||
          names.has(stateNames.draft(chat.id)) ||
          (conversationId !== undefined && names.has(stateNames.read(conversationId)))
        )
      }
      transaction.afterCommit(() => {
        for (const chat of chats.all()) {
          if (!concerns(chat)) continue
          aligned.delete(`${chat.id} ${conversationOf(chat) ?? ''}`)
          alignNew(chat.id)
        }
      })
    },
    /** Part of a transaction: stores a chat that a person has changed, and tells the other devices. */
    stage(transaction: Transaction, before: ChatRecord, after: ChatRecord): void {
      chats.stage(transaction, after)
      const conversationId = conversationOf(after)
      const put = (name: string, value: StateValue) => state.stage(transaction, name, value)
      if (conversationId !== undefined && after.readSeq > before.readSeq) {
        put(stateNames.read(conversationId), after.readSeq)
      }
      const peer = peerOf(after)
      if (peer !== undefined && after.blocked !== before.blocked) {
        put(stateNames.blocked(peer.accountId), after.blocked)
      }
      if (after.standing === 'accepted' && before.standing !== 'accepted') {
        put(stateNames.standing(after.id), { is: 'accepted' })
      } else if (after.hidden && !before.hidden) {
        put(stateNames.standing(after.id), { is: 'refused', seq: after.peerSeq })
      }
      if (after.draft !== before.draft) {
        edited.set(after.id, clock.now())
        // Null: a text too long to share. Each device keeps what it has.
        const name = stateNames.draft(after.id)
        put(name, state.fits(name, after.draft) ? after.draft : null)
      }
    },
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
export type ChatMirror = ReturnType<typeof createChatMirror>
