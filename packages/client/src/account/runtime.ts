import type { Crypto } from '@entangle/crypto'
import type { DeviceId } from '@entangle/protocol'
import type { ConnectionState } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { createChatBook } from '../chats/chat-book.ts'
import { createRemoteChanges } from '../chats/remote-changes.ts'
import { createContactBook } from '../identity/contact-book.ts'
import { createOutboxBook } from '../outbox/outbox-book.ts'
import { createSendCounter } from '../outbox/send-counter.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import type { NetworkWatch } from '../ports/network-watch.ts'
import type { Transport } from '../ports/transport.ts'
import { createReceipts } from '../receipts/receipts.ts'
import { createTyping } from '../receipts/typing.ts'
import { accountKeys } from '../store/keys.ts'
import { createLedger } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import { createDispatcher, type Dispatcher } from '../sync/dispatcher.ts'
import { createLink } from '../sync/link.ts'
import { createPace } from '../sync/pace.ts'
import { createMessageLog } from '../timeline/message-log.ts'
import type { SessionCalls } from '../wire/session-calls.ts'
import { createChanges } from './changes.ts'
import type { AccountContext, Self } from './context.ts'
import { createChatRequests } from './requests.ts'
import type { Timing } from './timing.ts'

/** Scopes of the MLS state that are small and needed for any Welcome; groups are loaded when they are used. */
const LOADED_AT_START = ['s/', 'k/', 'e/', 'p/']

async function openDeviceState(crypto: Crypto, records: SealedStore) {
  const scopes = await Promise.all(
    LOADED_AT_START.map(scope => records.scan(prefixRange(accountKeys.mls(scope)))),
  )
  return crypto.openDeviceState(
    scopes.flat().map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })),
  )
}

export type RuntimeOptions = {
  readonly self: Self
  readonly crypto: Crypto
  readonly clock: Clock
  readonly timing: Timing
  readonly diagnostics: Diagnostics
  readonly network: NetworkWatch
  readonly transport: Transport
  readonly calls: SessionCalls
  readonly records: SealedStore
  readonly connection: (state: ConnectionState) => void
  /** A write failed: this runtime is over, another one may start from the store. */
  readonly broken: (error: Error) => void
}

/** Everything that runs while an account is signed in. History is there before the network answers. */
export async function startAccount(options: RuntimeOptions) {
  const { records, crypto, clock, timing, diagnostics, calls } = options
  const changes = createChanges()
  const chats = createChatBook(changes)
  const outbox = createOutboxBook(changes)
  const contacts = createContactBook(crypto)
  const counter = createSendCounter()
  const mls = await openDeviceState(crypto, records)
  await Promise.all([
    chats.load(records),
    outbox.load(records),
    contacts.load(records),
    counter.load(records),
  ])
  const ledger = createLedger({ records, mls, broken: options.broken })

  let dispatcher: Dispatcher | undefined
  const link = createLink({
    clock,
    timing,
    transport: options.transport,
    network: options.network,
    calls,
    diagnostics,
    events: {
      ready: ready => dispatcher?.events.ready(ready),
      lost: () => dispatcher?.events.lost(),
      ack: frame => dispatcher?.events.ack(frame),
      deliver: frame => dispatcher?.events.deliver(frame),
      control: frame => dispatcher?.events.control(frame),
      connection: options.connection,
    },
  })
  const context: AccountContext = {
    self: options.self,
    crypto,
    clock,
    timing,
    diagnostics,
    calls,
    records,
    ledger,
    chats,
    contacts,
    outbox,
    counter,
    log: createMessageLog(records, changes),
    changes,
    sender: link,
    pace: createPace(clock, timing.sendRate),
  }
  const receipts = createReceipts(context)
  const typing = createTyping(context)
  dispatcher = createDispatcher({ context, receipts, typing, restartLink: link.restart })
  const requests = createChatRequests({ context, receipts, typing, wake: dispatcher.wake })

  return {
    context,
    requests,
    /** For what the account state brings from other devices. */
    remoteChanges: createRemoteChanges(context),
    /** Lie in the account state. */
    deviceNames: {
      get: (_deviceId: DeviceId): string | undefined => undefined,
      set: async (_deviceId: DeviceId, _name: string): Promise<void> => {
        throw engineFailure('ENGINE_REQUEST_UNKNOWN')
      },
    },
    isTyping: typing.isTyping,
    connect: (): void => link.start(),
    async stop(): Promise<void> {
      link.stop()
      dispatcher?.stop()
      receipts.stop()
      typing.stop()
      await ledger.close()
      mls.close()
    },
  }
}
export type AccountRuntime = Awaited<ReturnType<typeof startAccount>>
