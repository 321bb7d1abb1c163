import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { Draft, Room } from './draft.ts'

/** How the record of a conversation, as the server tells it, cannot be. */
export type Contradiction =
  /** It ends before what is stored here. */
  | 'SHORTENED'
  /** A place in it stays empty. */
  | 'HOLE'
  /** A place is told in two ways. */
  | 'OTHER_AT_PLACE'
  /** Another member was told it otherwise. */
  | 'OTHER_TRANSCRIPT'
  /** A message is not by whom it is said to be by. */
  | 'OTHER_SENDER'
  /** A message was written under another id. */
  | 'OTHER_ID'
  /** A message of this device that it has not written. */
  | 'UNKNOWN_OWN'
  /** The same message at a second place. */
  | 'REPLAYED'
  /** The state of a group, as it was told with the Welcome, is missing or another one. */
  | 'OTHER_SNAPSHOT'
  /** A message of before by a device that was put out since. */
  | 'REMOVED_SENDER'

/** Found in a batch: the person is told with it. Nobody reads more because of it, so sending goes on. */
export function doubtIn({ context }: Room, draft: Draft, contradiction: Contradiction): void {
  context.diagnostics.note('RECORD_CONTRADICTED', contradiction)
  draft.chat = { ...draft.chat, doubt: 'record-contradicted' }
}

export async function doubtChat(
  { chats, diagnostics, ledger }: AccountContext,
  chatId: ChatId,
  contradiction: Contradiction,
): Promise<void> {
  diagnostics.note('RECORD_CONTRADICTED', contradiction)
  await ledger.transact(transaction => {
    const chat = chats.get(chatId)
    if (chat !== undefined && (chat.doubt ?? null) === null) {
      chats.stage(transaction, { ...chat, doubt: 'record-contradicted' })
    }
  })
}
