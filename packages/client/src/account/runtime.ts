import type { ArchiveKeys, Crypto } from '@entangle/crypto'
import type { AccountId, DeviceId } from '@entangle/protocol'
import { type AccountState, createAccountState } from '../account-state/account-state.ts'
import { createChatMirror } from '../account-state/chat-mirror.ts'
import { stateNames } from '../account-state/state-names.ts'
import type { ConnectionState } from '../api/engine-api.ts'
import { type Archive, createArchive } from '../archive/archive.ts'
import { createKeyRing } from '../archive/key-ring.ts'
import { createChatBook } from '../chats/chat-book.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { createPost, type Post } from '../device-letters/post.ts'
import { createGroupRequests } from '../groups/group-requests.ts'
import { createLinkTeller } from '../groups/link-telling.ts'
import { type Acceptances, createAcceptances } from '../identity/acceptances.ts'
import { createContactBook } from '../identity/contact-book.ts'
import { createKeyChanges } from '../identity/key-changes.ts'
import { createTrustRequests } from '../identity/trust-requests.ts'
import { createOutboxBook } from '../outbox/outbox-book.ts'
import { createSendCounter } from '../outbox/send-counter.ts'
import { createPeopleBook, type PeopleBook } from '../people/people-book.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import type { NetworkWatch } from '../ports/network-watch.ts'
import type { Transport } from '../ports/transport.ts'
import { createReceipts } from '../receipts/receipts.ts'
import { createSenders } from '../receipts/senders.ts'
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
import type { AccountRoom } from './room.ts'
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
  /** Where a version that knew one archive key has put it; null elsewhere. */
  readonly earlierArchiveKey: Uint8Array | null
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

/** Nothing leaves the device under this. */
const NO_KEYS: ArchiveKeys = [{ version: 1, key: new Uint8Array(32) }]

/** Everything that runs while an account is signed in. History is there before the network answers. */
export async function startAccount(options: RuntimeOptions) {
  const { records, crypto, clock, timing, diagnostics, calls } = options
  const changes = createChanges()
  const chats = createChatBook(changes)
  const outbox = createOutboxBook(changes)
  const contacts = createContactBook(crypto)
  const counter = createSendCounter()
  const keyRing = createKeyRing()
  const [mls] = await Promise.all([
    openDeviceState(crypto, records),
    chats.load(records),
    outbox.load(records),
    contacts.load(records),
    counter.load(records),
    keyRing.load(records, options.earlierArchiveKey),
  ])
  const ledger = createLedger({ records, mls, broken: options.broken })

  let dispatcher: Dispatcher | undefined
  let shared:
    | {
        readonly acceptances: Acceptances
        readonly archive: Archive
        readonly people: PeopleBook
        readonly post: Post
        readonly state: AccountState
      }
    | undefined
  const link = createLink({
    clock,
    timing,
    transport: options.transport,
    network: options.network,
    calls,
    diagnostics,
    events: {
      ready: ready => {
        dispatcher?.events.ready(ready)
        shared?.archive.connected()
        shared?.people.connected()
        shared?.acceptances.connected()
        shared?.state.learn(ready.stateRevision)
        shared?.post.connected(ready.letters)
      },
      lost: () => dispatcher?.events.lost(),
      ack: frame => dispatcher?.events.ack(frame),
      deliver: frame => dispatcher?.events.deliver(frame),
      control: frame => {
        dispatcher?.events.control(frame)
        if (frame.t === 'letter') shared?.post.letterCame()
        if (frame.t !== 'state') return
        shared?.archive.othersAwake()
        shared?.state.learn(frame.revision)
      },
      connection: options.connection,
    },
  })
  const log = createMessageLog(records, changes)
  const { self } = options
  const archiveKeys = () => keyRing.current() ?? NO_KEYS
  const room: AccountRoom = {
    self,
    calls,
    chats,
    changes,
    clock,
    timing,
    diagnostics,
    ledger,
    log,
    records,
    archiveKeys,
    sender: link,
  }
  // Without a key everything waits on this device.
  const sender = { ...link, isReady: () => link.isReady() && keyRing.current() !== null }
  const archive = createArchive({ ...room, sender })
  const state = createAccountState({ ...room, sender })
  const people = createPeopleBook(room)
  await Promise.all([archive.load(), state.load(), people.load()])
  const mirror = createChatMirror({ ...room, archive, outbox, state })
  const context: AccountContext = {
    ...room,
    crypto,
    origin: options.transport.origin,
    contacts,
    people,
    outbox,
    counter,
    archive,
    keyRing,
    state,
    pace: createPace(clock, timing.sendRate),
    keyChanges: createKeyChanges({ state }),
  }
  const post = createPost(context)
  const senders = createSenders(context)
  const receipts = createReceipts(context, senders)
  const typing = createTyping(context, senders)
  dispatcher = createDispatcher({ context, receipts, typing, restartLink: link.restart })
  const { ask, wake } = dispatcher
  const acceptances = createAcceptances(context, wake)
  state.applyWith((transaction, changed) => {
    mirror.apply(transaction, changed)
    acceptances.apply(transaction, changed)
  })
  shared = { acceptances, archive, people, post, state }
  const linkTeller = createLinkTeller(context, wake)
  const groupRequests = createGroupRequests({ context, mirror, wake, ask })
  const requests = {
    ...createChatRequests({ context, leaveGroup: groupRequests.leaveGroup, mirror, receipts, typing, wake }),
    ...groupRequests,
    ...createTrustRequests(context, wake),
  }

  return {
    context,
    post,
    requests,
    deviceNames: {
      get: (deviceId: DeviceId): string | undefined => {
        const name = state.read(stateNames.deviceName(deviceId))
        return typeof name === 'string' ? name : undefined
      },
      set: (deviceId: DeviceId, name: string): Promise<void> =>
        state.write(stateNames.deviceName(deviceId), name),
    },
    /** Who is writing at the moment. */
    typing: (chat: ChatRecord): readonly AccountId[] => typing.writers(chat.id),
    connect(): void {
      link.start()
      mirror.alignAll()
    },
    /** Tells the server what other devices would miss without this one. */
    finish: async (): Promise<void> => {
      await Promise.all([state.finish(), archive.finish()])
    },
    async stop(): Promise<void> {
      link.stop()
      dispatcher?.stop()
      linkTeller.stop()
      receipts.stop()
      typing.stop()
      mirror.stop()
      archive.stop()
      state.stop()
      context.keyChanges.stop()
      people.stop()
      post.stop()
      await ledger.close()
      mls.close()
    },
  }
}
export type AccountRuntime = Awaited<ReturnType<typeof startAccount>>
