import { type Crypto, createSealer } from '@entangle/crypto'
import { messageIdSchema } from '@entangle/protocol'
import type { AccountRuntime } from './account/runtime.ts'
import { DEFAULT_TIMING, type Timing } from './account/timing.ts'
import type { ChatId, EngineRequestName, EngineRequests } from './api/engine-api.ts'
import { toEngineError } from './api/engine-errors.ts'
import { engineFailure } from './api/failures.ts'
import { summarise } from './chats/summaries.ts'
import type { Clock } from './ports/clock.ts'
import { type Diagnostics, silentDiagnostics } from './ports/diagnostics.ts'
import type { KeyValueStore } from './ports/key-value-store.ts'
import type { KeyVault } from './ports/key-vault.ts'
import { alwaysOnline, type NetworkWatch } from './ports/network-watch.ts'
import type { PasswordProtocol } from './ports/password-protocol.ts'
import type { Transport } from './ports/transport.ts'
import type { RequestId } from './rpc/frames.ts'
import type { EngineSubscriber } from './rpc/subscriber.ts'
import { createWatchList } from './rpc/watch-list.ts'
import { createSession } from './session/session.ts'
import { createSealedStore } from './store/sealed-store.ts'
import { createWindows, type Windows } from './timeline/windows.ts'
import { createApiClient } from './wire/api-client.ts'

export type EngineOptions = {
  readonly store: KeyValueStore
  readonly keyVault: KeyVault
  /** Or what brings it, called when it is first needed. Rejects with NetworkError. */
  readonly crypto: Crypto | (() => Promise<Crypto>)
  readonly clock: Clock
  readonly transport: Transport
  readonly passwords: PasswordProtocol
  readonly network?: NetworkWatch
  readonly diagnostics?: Diagnostics
  readonly timing?: Partial<Timing>
}

export type Engine = {
  /** A subscriber with windows of its own. */
  readonly subscribe: () => EngineSubscriber
  /** Ends the work and closes the store; what was requested is durable. */
  readonly stop: () => Promise<void>
}

type Answers = { readonly [Name in EngineRequestName]: (input: never, id: RequestId) => Promise<unknown> }

/** Composes the engine and takes the store over from whoever had it. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, clock, transport, crypto } = options
  const [fence, storeKey] = await Promise.all([store.acquireFence(), options.keyVault.storeKey()])
  const sealer = createSealer(storeKey)
  const watches = createWatchList()
  const subscribers = new Set<{ runtimeChanged: () => void }>()
  let runtime: AccountRuntime | undefined
  let stopListening: () => void = () => undefined
  let chatsAreStale = false

  const publishChats = () => {
    chatsAreStale = false
    const present = runtime
    watches.publish(
      'chats',
      present === undefined ? [] : summarise({ context: present.context, typing: present.typing }),
    )
  }

  const chatsChanged = () => {
    if (chatsAreStale) return
    chatsAreStale = true
    void Promise.resolve().then(publishChats)
  }

  let toldSettings = ''
  const settingsChanged = () => {
    const settings = runtime?.context.state.settings() ?? {}
    const text = JSON.stringify(settings)
    if (text === toldSettings) return
    toldSettings = text
    watches.publish('settings', settings)
  }

  const quotaChanged = () => {
    const { archive, state } = runtime?.context ?? {}
    watches.publish('quota', {
      historyFull: archive?.quota.isFull() ?? false,
      settingsFull: state?.quota.isFull() ?? false,
    })
  }

  const session = createSession(
    {
      crypto: typeof crypto === 'function' ? crypto : async () => crypto,
      clock,
      transport,
      passwords: options.passwords,
      timing: { ...DEFAULT_TIMING, ...options.timing },
      diagnostics: options.diagnostics ?? silentDiagnostics,
      network: options.network ?? alwaysOnline,
      call: createApiClient(transport),
      root: createSealedStore(store, sealer, '', fence),
      accountStore: prefix => createSealedStore(store, sealer, prefix, fence),
    },
    {
      state: state => watches.publish('session', state),
      connection: state => watches.publish('connection', state),
      runtime: next => {
        stopListening()
        runtime = next
        const stops = [
          next?.context.changes.listen(chatsChanged),
          next?.context.people.listen(chatsChanged),
          next?.context.state.listen(settingsChanged),
          next?.context.state.quota.listen(quotaChanged),
          next?.context.archive.quota.listen(quotaChanged),
        ]
        stopListening = () => {
          for (const stop of stops) stop?.()
        }
        for (const subscriber of subscribers) subscriber.runtimeChanged()
        publishChats()
        settingsChanged()
        quotaChanged()
      },
    },
  )

  const subscribe = (): EngineSubscriber => {
    const own = createWatchList()
    const unwatch: (() => void)[] = []
    const opened = new Map<ChatId, 'unread' | 'latest'>()
    let windows: Windows | undefined

    const runtimeChanged = () => {
      windows?.stop()
      windows =
        runtime === undefined
          ? undefined
          : createWindows(runtime.context, window => own.publish('timeline', window))
      // A runtime that started again shows the same windows.
      const again = windows
      for (const [chatId, at] of opened) again?.open(chatId, at).catch(() => opened.delete(chatId))
    }
    const self = { runtimeChanged }
    subscribers.add(self)
    runtimeChanged()

    const chatRequests = () => session.current().requests
    const timeline = (): Windows => {
      session.current()
      if (windows === undefined) throw engineFailure('ENGINE_STARTING')
      return windows
    }

    const answers: Answers & {
      [Name in EngineRequestName]: (
        input: Parameters<EngineRequests[Name]>[0],
        id: RequestId,
      ) => ReturnType<EngineRequests[Name]>
    } = {
      signUp: session.signUp,
      signIn: session.signIn,
      signOut: session.signOut,
      changePassword: session.changePassword,
      deleteAccount: session.deleteAccount,
      updateProfile: session.updateProfile,
      recoverAccount: session.recoverAccount,
      resetAccount: session.resetAccount,
      readRecoveryPhrase: session.readRecoveryPhrase,
      confirmRecoveryPhrase: session.confirmRecoveryPhrase,
      writeSetting: session.writeSetting,
      listDevices: session.listDevices,
      renameDevice: session.renameDevice,
      removeDevice: session.removeDevice,
      findAccount: input => chatRequests().findAccount(input),
      openDirectChat: input => chatRequests().openDirectChat(input),
      createGroup: input => chatRequests().createGroup(input),
      addMembers: input => chatRequests().addMembers(input),
      removeMember: input => chatRequests().removeMember(input),
      leaveGroup: input => chatRequests().leaveGroup(input),
      setRole: input => chatRequests().setRole(input),
      editGroup: input => chatRequests().editGroup(input),
      listMembers: input => chatRequests().listMembers(input),
      listInvites: input => chatRequests().listInvites(input),
      createInvite: input => chatRequests().createInvite(input),
      revokeInvite: input => chatRequests().revokeInvite(input),
      readInvite: input => chatRequests().readInvite(input),
      joinByInvite: input => chatRequests().joinByInvite(input),
      forgetGroup: input => chatRequests().forgetGroup(input),
      sendText: (input, id) => chatRequests().sendText(input, messageIdSchema.parse(id)),
      retryMessage: input => chatRequests().retryMessage(input),
      discardMessage: input => chatRequests().discardMessage(input),
      answerRequest: input => chatRequests().answerRequest(input),
      setBlocked: input => chatRequests().setBlocked(input),
      markRead: input => chatRequests().markRead(input),
      dismissDoubt: input => chatRequests().dismissDoubt(input),
      setDraft: input => chatRequests().setDraft(input),
      setTyping: input => chatRequests().setTyping(input),
      readSafetyNumber: input => chatRequests().readSafetyNumber(input),
      verifyContact: input => chatRequests().verifyContact(input),
      unverifyContact: input => chatRequests().unverifyContact(input),
      acceptIdentity: input => chatRequests().acceptIdentity(input),
      openTimeline: async ({ chatId, at }) => {
        const window = await timeline().open(chatId, at)
        opened.set(chatId, at)
        return window
      },
      extendTimeline: input => timeline().extend(input.chatId, input.direction, input.count),
      closeTimeline: async ({ chatId }) => {
        opened.delete(chatId)
        windows?.close(chatId)
      },
    }

    return {
      async handle(name, input, id) {
        if (!Object.hasOwn(answers, name)) throw engineFailure('ENGINE_REQUEST_UNKNOWN')
        try {
          // The port carries plain data; its form is that of the contract both ends compile against.
          return await answers[name](input as never, id)
        } catch (error) {
          options.diagnostics?.note('REQUEST_FAILED', error)
          throw toEngineError(error)
        }
      },
      on(name, listener) {
        const stop = name === 'timeline' ? own.add(name, listener) : watches.add(name, listener)
        unwatch.push(stop)
        return stop
      },
      close() {
        for (const stop of unwatch) stop()
        subscribers.delete(self)
        windows?.stop()
        own.clear()
      },
    }
  }

  await session.start()

  return {
    subscribe,
    async stop() {
      await session.stop()
      stopListening()
      await store.close()
    },
  }
}
