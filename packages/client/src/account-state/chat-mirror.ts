import { idToBytes } from '@entangle/protocol'
import { z } from 'zod'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { type ChatRecord, type GroupChat, isOver, peerOf } from '../chats/chat-record.ts'
import { readUpTo } from '../chats/reading.ts'
import { stageForgotten } from '../groups/forgetting.ts'
import { type GroupInviteSecret, type HeldState, mergeStates, NO_PLACES } from '../groups/state.ts'
import type { Transaction } from '../store/ledger.ts'
import { encodeGroupEntry, isOutdated, parseGroupEntry } from './group-entry.ts'
import type { StateEntry, StateValue } from './state-entry.ts'
import { stateNames } from './state-names.ts'

type MirrorRoom = Pick<
  AccountContext,
  'archive' | 'changes' | 'chats' | 'clock' | 'diagnostics' | 'ledger' | 'log' | 'outbox' | 'state' | 'timing'
>

const WHATEVER_COMES = Number.MAX_SAFE_INTEGER

/** `forgotten`, `refused`: the chat is out of sight while nothing comes after `seq`. */
const standingSchema = z.union([
  z.object({ is: z.enum(['accepted', 'request']) }),
  z.object({ is: z.enum(['refused', 'forgotten']), seq: z.number() }),
])
const parseStanding = (value: StateValue | undefined) => standingSchema.safeParse(value).data

const conversationOf = ({ conversation }: ChatRecord) =>
  conversation.phase === 'none' ? undefined : conversation.conversationId

/** What a chat is aligned for: once, with each group behind it, each time it comes back, and with each state of a group. */
function placeOf(chat: ChatRecord): string {
  const { name, topic, picture } = chat.kind === 'group' ? chat.group.stateAt : NO_PLACES
  const links = chat.kind === 'group' ? chat.group.data.invites.join() : ''
  return [chat.id, conversationOf(chat) ?? '', isOver(chat), name, topic, picture, links].join(' ')
}

/** Keeps chats and the account state alike: what is decided here is written there, and the other way round. */
export function createChatMirror(room: MirrorRoom) {
  const { changes, chats, clock, diagnostics, ledger, log, state, timing } = room
  /** When the composer was last used on this device. */
  const edited = new Map<ChatId, number>()
  /** Chats, with the group behind them, to which the state was applied since the start. */
  const aligned = new Map<ChatId, string>()

  const isEditing = (chatId: ChatId) => clock.now() - (edited.get(chatId) ?? 0) < timing.editing

  const withDecisions = (chat: ChatRecord): ChatRecord => {
    const peer = peerOf(chat)
    const blocked = peer && state.read(stateNames.blocked(peer.accountId))
    const standing = parseStanding(state.read(stateNames.standing(chat.id)))
    const draft = state.read(stateNames.draft(chat.id))
    let next = chat
    if (typeof blocked === 'boolean' && blocked !== chat.blocked) {
      next = blocked ? { ...next, blocked, unread: 0 } : { ...next, blocked, hidden: false }
    }
    if (standing?.is === 'accepted' && chat.standing !== 'accepted') {
      next = { ...next, standing: 'accepted', hidden: false }
    }
    // Asked for and not accepted: a device that finds the conversation anew would take it for accepted.
    if ((standing?.is === 'request' || standing?.is === 'refused') && chat.standing !== 'request') {
      next = { ...next, standing: 'request' }
    }
    if (standing?.is === 'refused' && !chat.hidden && chat.peerSeq <= standing.seq) {
      next = { ...next, hidden: true, unread: 0, readSeq: Math.max(chat.readSeq, chat.peerSeq) }
    }
    if (typeof draft === 'string' && draft !== chat.draft && !isEditing(chat.id)) next = { ...next, draft }
    return next
  }

  /** What the other devices know of a group, and the other way round, while this one is in or on its way in. */
  const alignGroup = (transaction: Transaction, chat: GroupChat): ChatRecord => {
    const { conversation, group } = chat
    if (isOver(chat) || conversation.phase === 'none') return chat
    const name = stateNames.group(conversation.conversationId)
    const seq = conversation.phase === 'active' ? conversation.cursor : 0
    const entry = parseGroupEntry(state.read(name))
    const open = new Set(group.data.invites)
    const present: HeldState = { state: group.state, at: group.stateAt }
    const isOurs = ({ inviteId }: GroupInviteSecret) => open.has(inviteId) || (entry?.seq ?? 0) > seq
    const held = entry === undefined ? present : mergeStates(present, entry.held, isOurs)
    if (state.isKnown() && isOutdated(entry, { held, seq }, open)) {
      state.stage(transaction, name, encodeGroupEntry({ held, seq }))
    }
    if (held === present) return chat
    for (const { inviteId, secret } of held.state.invites) {
      transaction.mls.storePreSharedKey(idToBytes(inviteId), secret)
    }
    const revision = group.revision + 1
    return { ...chat, group: { ...group, state: held.state, stateAt: held.at, revision } }
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

  /** The group, when another device has taken it from the list. */
  const forgotten = (chat: ChatRecord): GroupChat | undefined => {
    if (chat.kind !== 'group' || chat.hidden || !isOver(chat)) return undefined
    const standing = parseStanding(state.read(stateNames.standing(chat.id)))
    return standing?.is === 'forgotten' && (chat.last?.seq ?? 0) <= standing.seq ? chat : undefined
  }

  /** Part of a transaction: what the state says of a chat becomes what the chat is. */
  const align = async (transaction: Transaction, chat: ChatRecord): Promise<void> => {
    const gone = forgotten(chat)
    if (gone !== undefined) {
      stageForgotten(room, transaction, gone)
      return
    }
    const decided = withDecisions(chat.kind === 'group' ? alignGroup(transaction, chat) : chat)
    const conversationId = conversationOf(chat)
    const read = conversationId === undefined ? undefined : state.read(stateNames.read(conversationId))
    const next = typeof read === 'number' ? ((await readUpTo(log, decided, read)) ?? decided) : decided
    if (next !== chat) chats.stage(transaction, next)
    if (state.isKnown()) contribute(transaction, chat)
  }

  const alignNew = (chatId: ChatId): void => {
    const chat = chats.get(chatId)
    if (chat === undefined) return
    const place = placeOf(chat)
    if (aligned.get(chatId) === place) return
    aligned.set(chatId, place)
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
          (conversationId !== undefined &&
            (names.has(stateNames.read(conversationId)) || names.has(stateNames.group(conversationId))))
        )
      }
      transaction.afterCommit(() => {
        for (const chat of chats.all()) {
          if (!concerns(chat)) continue
          aligned.delete(chat.id)
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
        const hidden =
          after.kind === 'direct'
            ? { is: 'refused', seq: after.peerSeq }
            : { is: 'forgotten', seq: before.last?.seq ?? 0 }
        put(stateNames.standing(after.id), hidden)
      }
      if (after.draft !== before.draft) {
        edited.set(after.id, clock.now())
        // Null: a text too long to share. Each device keeps what it has.
        const name = stateNames.draft(after.id)
        put(name, state.fits(name, after.draft) ? after.draft : null)
      }
    },
    /** Part of a transaction: a group that goes from the list as soon as it is over, whichever device sees that first. */
    stageRefusal(transaction: Transaction, chat: GroupChat): void {
      state.stage(transaction, stateNames.standing(chat.id), { is: 'forgotten', seq: WHATEVER_COMES })
    },
    /** Part of a transaction: the group is a request as before. */
    stageRequest(transaction: Transaction, chat: GroupChat): void {
      state.stage(transaction, stateNames.standing(chat.id), { is: 'request' })
    },
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
export type ChatMirror = ReturnType<typeof createChatMirror>
