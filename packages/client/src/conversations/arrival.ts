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
    /** This chat waits for a Welcome of another. */
    readonly welcomeWanted: () => void
  },
) {
  const { chats, clock, ledger } = context
  const { inbox } = room
  let awaitedSince: number | undefined
  let expectsWelcome = true

  /** The Welcome is there at once, if there is one; else this device is a new one of a member account. */
  const awaitWelcome = async (): Promise<boolean> => {
    if (!expectsWelcome) return comeIn()
    if (awaitedSince === undefined) {
      awaitedSince = clock.now()
      room.welcomeWanted()
    }
    const patience = awaitedSince + WELCOME_PATIENCE_MS
    if (patience > clock.now()) {
      room.wakeAt(patience)
      return false
    }
    awaitedSince = undefined
    expectsWelcome = false
    return true
  }

  /** The account was put out of the group while this device was on its way in. */
  const endGroup = (error: unknown): Promise<number | undefined> =>
    ledger.transact(async transaction => {
      const chat = chats.get(chatId)
      if (chat?.kind !== 'group' || !isOutAlready(error)) throw error
      await stageEnd(context, transaction, chat, 'removed')
      return undefined
    })

  const comeIn = async (): Promise<boolean> => {
    const seq = await room.inTurn(async () =>
      room.isStopped() ? undefined : rejoin(context, chatId).catch(endGroup),
    )
    if (seq === undefined) return false
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
          return awaitWelcome()
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
