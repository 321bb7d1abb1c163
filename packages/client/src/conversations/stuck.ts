import type { DeviceId, LogEvent } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'

const MANY = 3
const DAY_MS = 24 * 3600_000

type Unreadable = Pick<LogEvent, 'epoch' | 'senderDevice'>

/**
 * One message that nobody can read is its sender's doing. Several of one epoch, with none between that opens, and in a
 * larger group of more than one sender: then it is this device that has lost its way. It comes in anew, but at most
 * once a day, so that spoilt messages do not keep a group in motion.
 */
export function createStuckWatch({ chats, clock }: Pick<AccountContext, 'chats' | 'clock'>, chatId: ChatId) {
  let found: Unreadable[] = []

  return {
    opened(): void {
      found = []
    },
    /** Answers whether this is the one too many. */
    isStuck(event: Unreadable): boolean {
      const chat = chats.get(chatId)
      if (chat?.conversation.phase !== 'active' || chat.conversation.keys[0]?.epoch !== event.epoch)
        return false
      found = [...found.filter(({ epoch }) => epoch === event.epoch), event]
      const senders = new Set<DeviceId>(found.map(({ senderDevice }) => senderDevice))
      const isLarge = chat.kind === 'group' && chat.group.members.length > 2
      const isRested = clock.now() >= (chat.mendedAt ?? 0) + DAY_MS
      return isRested && found.length >= MANY && senders.size >= (isLarge ? 2 : 1)
    },
  }
}
