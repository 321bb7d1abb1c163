import type { MessageId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { type ActiveConversation, type ChatRecord, isOver } from '../chats/chat-record.ts'
import { createStateAsking } from '../groups/asking.ts'
import { checkSome } from '../groups/checking.ts'
import { createFoundation } from '../groups/foundation.ts'
import { writeStaleInvites } from '../groups/invites.ts'
import { believeNamedLeavers, isLeaverKept } from '../groups/leaving.ts'
import { createWishes } from '../groups/wishes.ts'
import { buildUpkeep, submitPendingCommit, upkeepDueAt } from './committing.ts'
import type { InboxEvent } from './draft.ts'
import { forgetPastEpochs } from './epoch-keys.ts'
import type { Inbox } from './inbox.ts'

const SOON_MS = 3600 * 1000

/** The commits of a runner's chat: what waits for the server's word, what somebody wants, what is due. */
export function createUpkeep(
  context: AccountContext,
  chatId: ChatId,
  room: { readonly inbox: Inbox; readonly wakeAt: (time: number) => void },
) {
  const { clock, counter, self } = context
  const { inbox, wakeAt } = room
  const wishes = createWishes(context, chatId)
  const foundation = createFoundation(context, chatId, { wishes, wake: () => wakeAt(clock.now()) })
  const asking = createStateAsking(context, wakeAt)
  let submitted: MessageId | undefined

  const submit = async (messageId: MessageId): Promise<boolean> => {
    if (submitted === messageId) return false
    const submission = await submitPendingCommit(context, chatId)
    switch (submission.outcome) {
      case 'accepted':
        submitted = messageId
        inbox.learnHead(submission.seq)
        break
      case 'refused':
        inbox.wantRead()
        wishes.refused(messageId, submission.error)
        // Who leaves was said before this device came in, and until they are out nothing else passes.
        if (
          isLeaverKept(submission.error) &&
          !(await believeNamedLeavers(context, chatId, submission.error))
        ) {
          throw submission.error
        }
        break
      case 'nothing-to-do':
        return false
    }
    return true
  }

  const fulfil = async (): Promise<boolean> => {
    const progress = await wishes.next()
    if (progress === 'read') inbox.wantRead()
    return progress !== 'nothing'
  }

  const lookAfter = async (conversation: ActiveConversation): Promise<boolean> => {
    const dueAt = upkeepDueAt(conversation)
    if (dueAt === null) return false
    if (dueAt > clock.now()) {
      // What is further off is found by the regular look at the heads.
      if (dueAt < clock.now() + SOON_MS) wakeAt(dueAt)
      return false
    }
    await buildUpkeep(context, chatId)
    return true
  }

  return {
    wishes,
    async step(present: ChatRecord): Promise<boolean> {
      const { conversation } = present
      if (conversation.phase !== 'active') return false
      if (conversation.commit !== null) return submit(conversation.commit.messageId)
      if (isOver(present) || counter.isRolledBack()) return false
      if (present.kind === 'group') {
        if (await checkSome(context, present)) return true
        foundation.look(present)
        if (await fulfil()) return true
        if (await writeStaleInvites(context, present)) return true
        if (await asking.step(present)) return true
      }
      if (await forgetPastEpochs(context, present, conversation)) return true
      return lookAfter(conversation)
    },
    /** What the log has brought may be what was wanted. */
    ingested(batch: readonly InboxEvent[]): void {
      for (const event of batch) {
        if (event.kind === 'commit' && event.senderDevice === self.deviceId) wishes.merged(event.messageId)
      }
    },
    disconnected(): void {
      submitted = undefined
    },
    stop(error: unknown): void {
      foundation.stop()
      wishes.stop(error)
    },
  }
}
export type Upkeep = ReturnType<typeof createUpkeep>
