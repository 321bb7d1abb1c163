import type { AckFrame, ConversationId, DeliverFrame } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { awaitConversation, createGate, ENTRANCES } from '../conversations/entering.ts'
import { joinWaiting } from '../conversations/joining.ts'
import { createRunner, type Runner } from '../conversations/runner.ts'
import { markGone } from '../conversations/warning.ts'
import type { Wish } from '../groups/wish.ts'
import type { WishOutcome } from '../groups/wishes.ts'
import { refreshContact } from '../identity/directory.ts'
import { maintainKeyPackages } from '../identity/key-packages.ts'
import { failAll } from '../outbox/acknowledging.ts'
import type { Receipts } from '../receipts/receipts.ts'
import type { Typing } from '../receipts/typing.ts'
import type { Link, LinkEvents, Ready } from './link.ts'
import { createRepeatable, type Repeatable } from './repeatable.ts'

type Heads = Ready['heads']

/** Brings what the connection says to the chats it concerns, and keeps one runner for each. */
export function createDispatcher(input: {
  readonly context: AccountContext
  readonly receipts: Receipts
  readonly typing: Typing
  readonly restartLink: Link['restart']
}) {
  const { context, receipts, typing, restartLink } = input
  const { self, changes, chats, counter, diagnostics, outbox, sender } = context
  const runners = new Map<ChatId, Runner>()
  const inTurn = createGate(ENTRANCES)
  /** Conversations of the account of which this device has no chat. */
  let unknown: Heads = []
  /** How often the waiting Welcomes were looked at, and which could not be followed yet. */
  let looks = 0
  let unfollowed: ReadonlySet<ConversationId> = new Set()
  let stopped = false

  const runnerOf = (chatId: ChatId): Runner => {
    const known = runners.get(chatId)
    if (known !== undefined) return known
    const runner = createRunner(context, chatId, {
      inTurn,
      welcomeWanted: conversationId => {
        const before = looks
        welcomes.want()
        return () => looks > before && !unfollowed.has(conversationId)
      },
      ingested: chat => {
        receipts.schedule(chat.id)
        receipts.retryEarly(chat)
      },
      unanswered: restartLink,
    })
    runners.set(chatId, runner)
    return runner
  }

  const note = (code: string) => (error: unknown) => diagnostics.note(code, error)

  const repeated: Repeatable[] = []
  const repeatable = (code: string, work: () => Promise<void>): Repeatable => {
    const made = createRepeatable(context, { code, work: async () => void (await work()) })
    repeated.push(made)
    return made
  }

  const welcomes = repeatable('WELCOMES_FAILED', async () => {
    const { conversations, failure, failed } = await joinWaiting(context)
    looks += 1
    unfollowed = failed
    for (const conversationId of conversations) {
      const chat = chats.ofConversation(conversationId)
      if (chat?.conversation.phase === 'active') runnerOf(chat.id).learnHead(chat.conversation.cursor)
    }
    // What came between the Welcome and now is in the log; the heads say how far it goes.
    if (conversations.length > 0) sender.control({ t: 'heads' })
    packages.want()
    entrance.want()
    if (failure !== undefined) throw failure
  })

  /** Chats for conversations that no Welcome has brought; their runners bring this device in. */
  const entrance = repeatable('CONVERSATIONS_NOT_ENTERED', async () => {
    // The busiest first: there is no better hint at what is looked for.
    const heads = unknown.filter(isUnknown).sort((one, other) => other.lastSeq - one.lastSeq)
    await Promise.all(
      heads.map(head =>
        inTurn(async () => {
          const chatId = stopped ? undefined : await awaitConversation(context, head)
          if (chatId === undefined) return
          if (head.joined) runnerOf(chatId).wake()
          else runnerOf(chatId).notJoined()
        }),
      ),
    )
  })

  /** What this device knows of its own account may be old: devices have come or gone. */
  const ownIdentity = repeatable('OWN_IDENTITY_FAILED', async () => {
    await refreshContact(context, self.accountId)
  })

  const packages = repeatable('KEY_PACKAGES_FAILED', () => maintainKeyPackages(context))

  /** Somebody has taken this account in again; or it never was in. */
  const isUnknown = ({ conversationId }: Heads[number]): boolean =>
    (chats.ofConversation(conversationId)?.conversation.phase ?? 'ended') === 'ended'

  /** A group that is no longer among the account's: the end of its log says why. */
  const lookForEnds = (heads: Heads) => {
    const present = new Set(heads.map(({ conversationId }) => conversationId))
    for (const { id, kind, conversation } of chats.all()) {
      const isIn = kind === 'group' && conversation.phase === 'active'
      if (isIn && !present.has(conversation.conversationId)) runnerOf(id).notJoined()
    }
  }

  const takeHeads = (heads: Heads, waiting: number) => {
    unknown = heads.filter(isUnknown)
    let mayWait = waiting > 0
    for (const head of heads) {
      const chat = chats.ofConversation(head.conversationId)
      if (chat !== undefined && !head.joined) runnerOf(chat.id).notJoined()
      else if (chat?.conversation.phase === 'active') runnerOf(chat.id).learnHead(head.lastSeq)
      else if (head.joined) mayWait = true
    }
    lookForEnds(heads)
    // A Welcome comes first: it brings what was said before this device could come in by itself.
    if (mayWait) welcomes.want()
    else if (unknown.length > 0) entrance.want()
  }

  const stopListening = changes.listen(({ kind, chatId }) => {
    const conversation = kind === 'chat' ? chats.get(chatId)?.conversation : undefined
    if (conversation?.phase === 'active' && conversation.sweepDueAt !== null) runnerOf(chatId).wake()
  })

  const refuseToSend = async () => {
    diagnostics.note('DEVICE_ROLLED_BACK')
    for (const chatId of outbox.chats()) await failAll(context, chatId, 'CHAT_DEVICE_ROLLED_BACK')
  }

  const events: Pick<LinkEvents, 'ready' | 'lost' | 'ack' | 'deliver' | 'control'> = {
    ready: ready => {
      if (counter.compare(ready.counter)) refuseToSend().catch(note('REFUSAL_FAILED'))
      for (const chat of chats.all()) {
        if (chat.conversation.phase !== 'none' || !outbox.isEmpty(chat.id)) runnerOf(chat.id).connected()
        receipts.schedule(chat.id)
      }
      takeHeads(ready.heads, ready.welcomes)
      for (const receipt of ready.receipts) receipts.take(receipt)
      packages.want()
      ownIdentity.want()
    },
    lost: () => {
      for (const runner of runners.values()) runner.disconnected()
    },
    ack: (frame: AckFrame) => {
      const chat = chats.ofConversation(frame.conversationId)
      if (chat !== undefined) runnerOf(chat.id).acknowledge(frame)
    },
    deliver: (frame: DeliverFrame) => {
      const chat = chats.ofConversation(frame.conversationId)
      if (chat?.conversation.phase === 'active') {
        // The frame's memory belongs to the socket.
        runnerOf(chat.id).deliver({ ...frame, body: frame.body.slice() })
      } else welcomes.want()
    },
    control: control => {
      switch (control.t) {
        case 'heads':
          takeHeads(control.heads, control.welcomes)
          break
        case 'receipt':
          receipts.take(control)
          break
        case 'ephemeral':
          typing.take(control)
          break
        case 'welcome':
          welcomes.want()
          break
        case 'gone':
          markGone(context, control.accountId).then(() => {
            for (const runner of runners.values()) runner.wake()
          }, note('GONE_FAILED'))
          break
        case 'head': {
          const chat = chats.ofConversation(control.conversationId)
          if (chat?.conversation.phase === 'active') runnerOf(chat.id).learnHead(control.lastSeq)
          else welcomes.want()
          break
        }
        case 'error':
        case 'pong':
          break
      }
    },
  }

  return {
    events,
    /** Something waits to be sent in this chat. */
    wake: (chatId: ChatId): void => runnerOf(chatId).wake(),
    /** Something is wanted of this group; resolves when the group has accepted it. */
    ask: (chatId: ChatId, wish: Wish): Promise<WishOutcome> => runnerOf(chatId).ask(wish),
    stop(): void {
      stopped = true
      stopListening()
      for (const each of repeated) each.stop()
      for (const runner of runners.values()) runner.stop()
    },
  }
}
export type Dispatcher = ReturnType<typeof createDispatcher>
