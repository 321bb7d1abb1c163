import { type AccountId, type MessageId, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { type ChatId, EngineError } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { buildUpkeep, buildWanted, isOutrun } from '../conversations/committing.ts'
import { IdentityMismatch } from '../identity/directory.ts'
import { isLeaverKept, isOutAlready, proposeToLeave, stageEnd } from './leaving.ts'
import { type Findings, intentOf, type Wish } from './wish.ts'

export type WishOutcome = { readonly missing: readonly AccountId[] }

type Patience = { readonly renew: () => void; readonly end: () => void }

type Asked = {
  readonly wish: Wish
  readonly findings: Findings
  readonly resolve: (outcome: WishOutcome) => void
  readonly reject: (error: unknown) => void
  readonly patience: Patience
  /** Of the commit that was built for it last. */
  messageId: MessageId | undefined
  /** The server has it; only the log has to say so. */
  isAnswered: boolean
  /** Of who leaves: the server has said that they are out already. */
  isOut: boolean
}

/** Failures of what was asked, and not of the group. */
const concernsWish = (error: unknown): boolean =>
  error instanceof EngineError ||
  error instanceof IdentityMismatch ||
  (error instanceof ProtocolError && error.retry !== 'later')

/**
 * What is wanted of one group, in order. Each wish is built against the group as it is, and built anew when another
 * commit was first; it is fulfilled once the log has its commit.
 */
export function createWishes(context: AccountContext, chatId: ChatId) {
  const { chats, clock, ledger, sender, timing } = context
  const queue: Asked[] = []

  const end = (asked: Asked) => {
    asked.patience.end()
    const at = queue.indexOf(asked)
    if (at !== -1) queue.splice(at, 1)
  }

  const fulfil = (asked: Asked) => {
    end(asked)
    asked.resolve({ missing: [...asked.findings.missing] })
  }

  const fail = (asked: Asked, error: unknown) => {
    end(asked)
    asked.reject(error instanceof IdentityMismatch ? engineFailure('ENGINE_IDENTITY_CHANGED') : error)
  }

  const leave = async (asked: Asked, chat: GroupChat): Promise<void> => {
    try {
      await proposeToLeave(context, chat)
    } catch (error) {
      // Once its commit is in the log, this device may leave.
      if (isLeaverKept(error)) return buildUpkeep(context, chatId)
      if (!isOutAlready(error)) throw error
      // The log has what put this account out, and what was said here before; if not, that is all there is to know.
      if (!asked.isOut) {
        asked.isOut = true
        return
      }
      await ledger.transact(async transaction => {
        const present = chats.get(chatId)
        if (present?.kind === 'group') await stageEnd(context, transaction, present, 'left')
      })
    }
    asked.isAnswered = true
  }

  const build = async (asked: Asked, chat: GroupChat): Promise<void> => {
    const { wish } = asked
    if (wish.kind === 'leave') return leave(asked, chat)
    const intent = await intentOf(context, chat, wish, asked.findings)
    asked.messageId = intent && (await buildWanted(context, chatId, intent))
    if (asked.messageId === undefined) fulfil(asked)
  }

  /** Without a limit for what nobody waits for. */
  const createPatience = (limitMs: number | null, giveUp: () => void): Patience => {
    let end: () => void = () => undefined
    return {
      renew: () => {
        end()
        if (limitMs !== null) end = clock.after(limitMs, giveUp)
      },
      end: () => end(),
    }
  }

  return {
    /** Resolves when the group has accepted it. */
    ask(wish: Wish, patienceMs: number | null = timing.wish): Promise<WishOutcome> {
      return new Promise((resolve, reject) => {
        const findings: Findings = { joiners: new Map(), missing: new Set() }
        const patience = createPatience(patienceMs, () =>
          fail(asked, engineFailure(sender.isReady() ? 'ENGINE_GROUP_BUSY' : 'ENGINE_OFFLINE')),
        )
        const answer = { messageId: undefined, isAnswered: false, isOut: false }
        const asked: Asked = { wish, findings, resolve, reject, patience, ...answer }
        patience.renew()
        queue.push(asked)
      })
    },
    isEmpty: (): boolean => queue.length === 0,
    /** Builds the commit for the first. 'read' asks for a look at the log. */
    async next(): Promise<'done' | 'read' | 'nothing'> {
      const chat = chats.get(chatId)
      const [asked] = queue
      if (
        asked === undefined ||
        asked.isAnswered ||
        chat?.kind !== 'group' ||
        chat.conversation.phase !== 'active'
      )
        return 'nothing'
      try {
        await build(asked, chat)
        return asked.wish.kind === 'leave' ? 'read' : 'done'
      } catch (error) {
        if (error instanceof ProtocolError && isOutrun(error)) return 'read'
        if (!concernsWish(error)) throw error
        fail(asked, error)
        return 'done'
      }
    },
    /** The log has this commit of ours. Who is not fulfilled by it wants another. */
    merged(messageId: MessageId): void {
      const asked = queue.find(one => one.messageId === messageId)
      if (asked === undefined) return
      asked.messageId = undefined
      asked.patience.renew()
      if (asked.wish.kind !== 'add') fulfil(asked)
    },
    refused(messageId: MessageId, error: ProtocolError): void {
      const asked = queue.find(one => one.messageId === messageId)
      if (asked !== undefined && !isOutrun(error)) fail(asked, error)
    },
    /** Nothing can come of them any more. */
    stop(error: unknown): void {
      for (const asked of [...queue]) fail(asked, error)
    },
    /** This account is out of the group, as somebody may have wanted. */
    groupEnded(): void {
      for (const asked of queue.filter(({ wish }) => wish.kind === 'leave')) fulfil(asked)
      this.stop(engineFailure('ENGINE_GROUP_OVER'))
    },
  }
}
export type Wishes = ReturnType<typeof createWishes>
