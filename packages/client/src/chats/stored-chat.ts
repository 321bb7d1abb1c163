import type { GroupRecord } from '../groups/group-record.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type {
  ActiveConversation,
  ChatRecord,
  ConversationState,
  DirectChat,
  GroupChat,
  PendingCommit,
} from './chat-record.ts'

/**
 * A chat is written with every message, so what is large and seldom changes lies beside it: what is known of a group,
 * and a commit that waits for the server's word.
 */
type StoredConversation =
  | Exclude<ConversationState, ActiveConversation>
  | (Omit<ActiveConversation, 'commit'> & { readonly commit: 'apart' | null })
type Stored<Chat extends ChatRecord> = Omit<Chat, 'group' | 'conversation'> & {
  readonly conversation: StoredConversation
}
type StoredChat = Stored<DirectChat> | Stored<GroupChat>

/** As a version has stored it that knew chats of two only: the commit is in it. */
type EarlierChat = Omit<DirectChat, 'kind' | 'suspect' | 'last' | 'conversation'> & {
  readonly last: Omit<NonNullable<DirectChat['last']>, 'notice' | 'from'> | null
  readonly conversation:
    | Exclude<ConversationState, ActiveConversation>
    | (Omit<ActiveConversation, 'commit' | 'sweepDueAt' | 'strangers'> & {
        readonly commit: Omit<PendingCommit, 'welcomes' | 'snapshot'> | null
        readonly sweepDueAt?: number | null
        readonly strangers?: ActiveConversation['strangers']
      })
}

function completed(chat: EarlierChat): DirectChat {
  const { conversation, last, peer } = chat
  return {
    ...chat,
    kind: 'direct',
    suspect: chat.warning === null ? null : peer.accountId,
    last: last === null ? null : { ...last, notice: null, from: last.own ? null : peer.accountId },
    conversation:
      conversation.phase === 'active'
        ? {
            sweepDueAt: null,
            strangers: [],
            ...conversation,
            commit:
              conversation.commit === null ? null : { welcomes: [], snapshot: null, ...conversation.commit },
          }
        : conversation,
  }
}

async function readCommit(records: SealedStore, chat: StoredChat): Promise<ConversationState> {
  const { conversation } = chat
  if (conversation.phase !== 'active') return conversation
  const commit =
    conversation.commit === null
      ? undefined
      : await records.readRecord(accountKeys.pendingCommit(chat.id), value => value as PendingCommit)
  return { ...conversation, commit: commit ?? null }
}

async function assemble(
  records: SealedStore,
  stored: StoredChat | EarlierChat,
): Promise<ChatRecord | undefined> {
  if (!('kind' in stored)) return completed(stored)
  const conversation = await readCommit(records, stored)
  if (stored.kind === 'direct') return { ...stored, conversation }
  const group = await records.readRecord(accountKeys.group(stored.id), value => value as GroupRecord)
  return group && { ...stored, conversation, group }
}

/** Written by this engine and sealed: its form needs no second check. */
export async function readChats(records: SealedStore): Promise<ChatRecord[]> {
  const stored = await records.scanRecords(accountKeys.chats, value => value as StoredChat | EarlierChat)
  const chats = await Promise.all(stored.map(chat => assemble(records, chat)))
  return chats.filter(chat => chat !== undefined)
}

const commitOf = ({ conversation }: ChatRecord): PendingCommit | null =>
  conversation.phase === 'active' ? conversation.commit : null

/** Part of a transaction; `known` is what is stored at present. */
export function stageChat(transaction: Transaction, known: ChatRecord | undefined, chat: ChatRecord): void {
  const { conversation } = chat
  const commit = commitOf(chat)
  const stored =
    conversation.phase === 'active'
      ? { ...conversation, commit: commit === null ? null : ('apart' as const) }
      : conversation
  const before = known === undefined ? null : commitOf(known)
  if (commit === null && before !== null) transaction.remove(accountKeys.pendingCommit(chat.id))
  if (commit !== null && commit !== before) transaction.put(accountKeys.pendingCommit(chat.id), commit)
  if (chat.kind === 'direct') transaction.put(accountKeys.chat(chat.id), { ...chat, conversation: stored })
  else {
    const { group, ...rest } = chat
    transaction.put(accountKeys.chat(chat.id), { ...rest, conversation: stored })
    if (known?.kind !== 'group' || known.group !== group) transaction.put(accountKeys.group(chat.id), group)
  }
}
