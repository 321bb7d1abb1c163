import type { ConversationId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'
import type { MessageRecord } from '../timeline/message-record.ts'
import { createArchiveCodec } from './archive-codec.ts'
import { createDownloader } from './downloader.ts'
import { type ArchiveRoom, stagePending } from './pending.ts'
import { createUploader } from './uploader.ts'

/** The account's encrypted archive: what this device stores goes there, what it missed comes from there. */
export function createArchive(room: ArchiveRoom) {
  const codec = createArchiveCodec(room.self.accountId, room.archiveKeys)
  const uploader = createUploader(room, codec)
  const downloader = createDownloader(room, codec)

  return {
    load: downloader.load,
    /** Part of the write that stores messages of a conversation. */
    stage(
      transaction: Transaction,
      conversationId: ConversationId,
      chatId: ChatId,
      messages: readonly MessageRecord[],
    ): void {
      if (messages.length === 0) return
      stagePending(transaction, conversationId, chatId, messages)
      transaction.afterCommit(uploader.wake)
    },
    /** Part of the write by which this device enters a conversation that existed before: see downloader. */
    expect: (transaction: Transaction, chat: ChatRecord, joinedSeq: number): void =>
      downloader.expect(transaction, chat, joinedSeq),
    missed: downloader.missed,
    forget: downloader.forget,
    askedAt: downloader.askedAt,
    mayHold: downloader.mayHold,
    fetchOlder: downloader.fetchOlder,
    othersAwake: downloader.othersAwake,
    keysCame: downloader.keysCame,
    skipped: downloader.skipped,
    /** Places at the server what is not there yet. */
    finish: uploader.finish,
    /** Of the server's room for this account's history. */
    quota: uploader.quota,
    /** The connection is there. */
    connected(): void {
      uploader.wake()
      downloader.wake()
    },
    stop(): void {
      uploader.stop()
      downloader.stop()
    },
  }
}
export type Archive = ReturnType<typeof createArchive>
