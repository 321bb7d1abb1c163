import { randomBytes } from '@entangle/crypto'
import {
  type GroupState,
  groupNameSchema,
  groupPictureSchema,
  groupTopicSchema,
  isManager,
  type MessageId,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId, EngineRequests } from '../api/engine-api.ts'
import { toEngineError } from '../api/engine-errors.ts'
import { engineFailure } from '../api/failures.ts'
import { type GroupChat, isOver } from '../chats/chat-record.ts'
import type { OutboxBook } from '../outbox/outbox-book.ts'
import { roleIn } from './group-record.ts'
import { changeAgainst, type GroupChange } from './state.ts'

/** How files of these kinds begin; null stands for any byte. */
const PICTURE_STARTS: readonly (readonly (number | null)[])[] = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50],
]

/** JPEG, PNG or WebP, and small enough. */
export const isPicture = (bytes: Uint8Array): boolean =>
  groupPictureSchema.safeParse(bytes).success &&
  PICTURE_STARTS.some(start => start.every((byte, index) => byte === null || byte === bytes[index]))

export function parseGroupName(name: string): string {
  const parsed = groupNameSchema.safeParse(name)
  if (!parsed.success) throw engineFailure('ENGINE_GROUP_NAME_INVALID')
  return parsed.data
}

function parseChange(input: Omit<Parameters<EngineRequests['editGroup']>[0], 'chatId'>): GroupChange {
  const topic = groupTopicSchema.safeParse(input.topic ?? '')
  if (!topic.success) throw engineFailure('ENGINE_GROUP_TOPIC_INVALID')
  const picture = input.picture ?? null
  if (picture !== null && !isPicture(picture)) throw engineFailure('ENGINE_GROUP_PICTURE_INVALID')
  return {
    ...(input.name === undefined ? {} : { name: parseGroupName(input.name) }),
    ...(input.topic === undefined ? {} : { topic: topic.data }),
    ...(input.picture === undefined ? {} : { picture }),
  }
}

/** The state as it will be once everything that waits has been sent. */
function awaitedState(outbox: Pick<OutboxBook, 'list'>, { id, group }: GroupChat): GroupState {
  let { state } = group
  for (const { content } of outbox.list(id)) {
    if (content.kind === 'group-change') state = { ...state, ...changeAgainst(state, content) }
  }
  return state
}

/** Changes name, topic and picture by one event each, so that each is told in the timeline. */
export async function editGroup(
  context: Pick<AccountContext, 'chats' | 'clock' | 'counter' | 'ledger' | 'outbox' | 'self'>,
  { chatId, ...input }: Parameters<EngineRequests['editGroup']>[0],
  wake: (chatId: ChatId) => void,
): Promise<void> {
  const { chats, clock, counter, ledger, outbox, self } = context
  const change = parseChange(input)
  await ledger.transact(transaction => {
    const chat = chats.get(chatId)
    if (chat?.kind !== 'group') throw engineFailure('ENGINE_CHAT_UNKNOWN')
    if (isOver(chat)) throw engineFailure('ENGINE_GROUP_OVER')
    if (!isManager(roleIn(chat.group, self.accountId))) throw engineFailure('ENGINE_GROUP_ROLE')
    if (counter.isRolledBack()) throw toEngineError(new ProtocolError('CHAT_DEVICE_ROLLED_BACK'))
    const parts = Object.entries(changeAgainst(awaitedState(outbox, chat), change))
    const messages = parts.map(([part, value]) => ({
      messageId: readId<MessageId>(randomBytes(16)),
      content: { kind: 'group-change' as const, [part]: value },
    }))
    outbox.stageNew(transaction, chatId, messages, clock.now())
  })
  wake(chatId)
}
