import type { ConversationId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { isOutAlready, stageEnd } from '../groups/leaving.ts'
import type { Gate } from './entering.ts'
import { foundGroup, registerGroup } from './founding.ts'
import type { Inbox } from './inbox.ts'
import { rejoin } from './rejoining.ts'

const WELCOME_PATIENCE_MS = 1_500

/** How a runner's chat gets into its group: founds it, follows a Welcome, or comes in by itself. */
export function createArrival(
  context: AccountContext,
  chatId: ChatId,
  room: {
    readonly inbox: Inbox
    readonly wakeAt: (time: number) => void
    readonly isStopped: () => boolean
    /** Runs the work of entering when it is this chat's turn. */
    readonly inTurn: Gate
    /** This chat waits for a Welcome of another. Answers with whether it was looked for since, at the server. */
    readonly welcomeWanted: (conversationId: ConversationId) => () => boolean
  },
) {
  const { chats, clock, ledger } = context
  const { inbox } = room
  let awaited: { readonly since: number; readonly hasLooked: () => boolean } | undefined
  let expectsWelcome = true

  /**
   * The Welcome is there at once, if there is one; else this device is a new one of a member account. With a Welcome
   * comes the state of a group, so nobody comes in past one that only could not be fetched yet.
   */
  const awaitWelcome = async (conversationId: ConversationId): Promise<boolean> => {
    if (!expectsWelcome) return comeIn()
    awaited ??= { since: clock.now(), hasLooked: room.welcomeWanted(conversationId) }
    const patience = awaited.since + WELCOME_PATIENCE_MS
    if (patience > clock.now()) {
      room.wakeAt(patience)
      return false
    }
    if (!awaited.hasLooked()) {
      room.wakeAt(clock.now() + WELCOME_PATIENCE_MS)
      return false
    }
    awaited = undefined
    expectsWelcome = false
    return true
  }

  /** The account was put out of the group while this device was on its way in. */
  const endGroup = (error: unknown): Promise<number | undefined> =>
    ledger.transact(async transaction => {
      const chat = chats.get(chatId)
      if (chat?.kind !== 'group' || !isOutAlready(error)) throw error
      // By a link it may have come in meanwhile.
      if (chat.conversation.phase !== 'awaited') return undefined
      await stageEnd(context, transaction, chat, 'removed')
      return undefined
    })

  const comeIn = async (): Promise<boolean> => {
    const seq = await room.inTurn(async () =>
      room.isStopped() ? undefined : rejoin(context, chatId).catch(endGroup),
    )
    // Ended meanwhile, or in by another way: then there is something else to do.
    if (seq === undefined) return chats.get(chatId)?.conversation.phase !== 'awaited'
    expectsWelcome = true
    inbox.learnHead(seq)
    return true
  }

  return {
    async step(present: ChatRecord, hasQueued: boolean): Promise<boolean> {
      switch (present.conversation.phase) {
        case 'founding': {
          const registration = await registerGroup(context, chatId)
          if (registration.outcome === 'registered') inbox.learnHead(registration.lastSeq)
          return registration.outcome !== 'nothing-to-do'
        }
        case 'awaited':
          if (present.conversation.mends === true) expectsWelcome = false
          return awaitWelcome(present.conversation.conversationId)
        case 'none':
          if (!hasQueued || context.counter.isRolledBack()) return false
          await foundGroup(context, chatId)
          return true
        case 'active':
        case 'ended':
          return false
      }
    },
    /** The server says that this device is not in the group: no Welcome will come. */
    expectNoWelcome(): void {
      expectsWelcome = false
    },
  }
}
export type Arrival = ReturnType<typeof createArrival>
