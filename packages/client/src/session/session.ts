import type { ArchiveKeys, Crypto } from '@entangle/crypto'
import { type ErrorCode, ProtocolError, type Session } from '@entangle/protocol'
import { type AccountRuntime, startAccount } from '../account/runtime.ts'
import { backoffMs } from '../account/timing.ts'
import { stateNames } from '../account-state/state-names.ts'
import type {
  ConnectionState,
  DeviceSummary,
  EngineRequests,
  SessionState,
  SignOutReason,
} from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { stageKeys } from '../device-letters/keys.ts'
import { sleep } from '../ports/clock.ts'
import { StoreError } from '../ports/key-value-store.ts'
import { NetworkError } from '../ports/transport.ts'
import { accountPrefix } from '../store/keys.ts'
import { createSessionCalls, endsSession, type SessionCalls } from '../wire/session-calls.ts'
import { changePassword, deleteAccount, readRecoveryPhrase } from './account-changes.ts'
import {
  eraseAccount,
  findAccountByHandle,
  listAccounts,
  readCurrent,
  storeActive,
  storeSignedOut,
} from './account-records.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { listDevices, removeDevice } from './devices.ts'
import { assertPassword, parseDeviceName, parseDisplayName, parseHandle } from './input-rules.ts'
import { recoverAccount } from './recovering.ts'
import { resetAccount } from './resetting.ts'
import { signIn } from './signing-in.ts'
import { type SignedIn, signUp } from './signing-up.ts'

type SignedInStage = {
  readonly phase: 'signed-in'
  readonly record: AccountRecord
  readonly calls: SessionCalls
  readonly runtime: AccountRuntime
}

type Stage =
  | { readonly phase: 'starting' }
  | { readonly phase: 'signed-out' }
  | SignedInStage
  /** The store belongs to another writer, or the engine was closed. */
  | { readonly phase: 'over'; readonly code: 'ENGINE_OTHER_WRITER' | 'ENGINE_CLOSED' }

export type SessionEvents = {
  readonly state: (state: SessionState) => void
  readonly connection: (state: ConnectionState) => void
  /** A runtime has started (its chats can be shown) or ended. */
  readonly runtime: (runtime: AccountRuntime | undefined) => void
}

const SETTING_NAME = /^[a-z0-9-]{1,64}$/
const SIGN_OUT_PATIENCE_MS = 3_000
const DELETED: ReadonlySet<ErrorCode> = new Set(['ACCOUNT_GONE'])

/** A device before its cryptography is there. */
export type SessionRoom = Omit<DeviceContext, 'crypto'> & { readonly crypto: () => Promise<Crypto> }

/** Who is signed in on this device, and how that changes. One change at a time. */
export function createSession(room: SessionRoom, events: SessionEvents) {
  const { clock, root, timing, diagnostics, call } = room
  let stage: Stage = { phase: 'starting' }
  let isChanging = false
  let restarts = 0

  const device = async (): Promise<DeviceContext> => ({ ...room, crypto: await room.crypto() })

  const announceSignedOut = async (reason: SignOutReason | null) => {
    const kept = (await listAccounts(root)).find(({ phase }) => phase !== 'enrolling')
    events.state({ phase: 'signed-out', remembered: kept?.account ?? null, reason })
  }

  const announceSignedIn = ({ record, runtime }: SignedInStage) => {
    const { account, deviceId } = record
    const recoverySaved = runtime.context.state.isRecoverySaved()
    events.state({ phase: 'signed-in', account, deviceId, recoverySaved })
  }

  /** The account state says, from this or another device, that the recovery phrase was written down. */
  const watchRecovery = (runtime: AccountRuntime) => {
    const { state } = runtime.context
    let told = state.isRecoverySaved()
    state.listen(() => {
      if (stage.phase !== 'signed-in' || stage.runtime !== runtime || state.isRecoverySaved() === told) return
      told = state.isRecoverySaved()
      announceSignedIn(stage)
    })
  }

  const leave = async (from: SignedInStage, next: Stage) => {
    stage = next
    events.runtime(undefined)
    await from.runtime.stop()
  }

  /** The server closed the session: the data stays sealed, a new sign-in brings everything back. */
  const sessionEnded = async (record: AccountRecord, { code }: ProtocolError) => {
    if (stage.phase !== 'signed-in' || stage.record.deviceId !== record.deviceId) return
    await leave(stage, { phase: 'signed-out' })
    await storeSignedOut(root, record)
    await announceSignedOut(code === 'AUTH_DEVICE_UNKNOWN' ? 'device-removed' : 'session-ended')
  }

  const renewed = async (session: Session) => {
    if (stage.phase !== 'signed-in') return
    const { account } = stage.record
    const isSame =
      account.displayName === session.account.displayName && account.handle === session.account.handle
    if (isSame || account.accountId !== session.account.accountId) return
    stage = { ...stage, record: { ...stage.record, account: session.account } }
    await storeActive(root, stage.record)
    announceSignedIn(stage)
  }

  /** A write failed. Memory may be ahead of the store or behind it: begin again from the store. */
  const broken = async (from: AccountRuntime, error: Error) => {
    if (stage.phase !== 'signed-in' || stage.runtime !== from) return
    diagnostics.note('RUNTIME_BROKEN', error)
    const { record, calls } = stage
    if (error instanceof StoreError && error.code === 'STORE_FENCED') {
      await leave(stage, { phase: 'over', code: 'ENGINE_OTHER_WRITER' })
      events.connection({ phase: 'offline', since: clock.now() })
      return
    }
    await leave(stage, { phase: 'starting' })
    await sleep(clock, backoffMs(timing, ++restarts, clock.random()))
    if ((stage as Stage).phase === 'starting') await run(record, calls)
  }

  const createCalls = (record: AccountRecord) =>
    createSessionCalls({
      call,
      clock,
      ended: error => {
        sessionEnded(record, error).catch(error => diagnostics.note('SIGN_OUT_FAILED', error))
      },
      renewed: session => {
        renewed(session).catch(error => diagnostics.note('PROFILE_NOT_STORED', error))
      },
    })

  const run = async (record: AccountRecord, calls: SessionCalls) => {
    let failure: Error | undefined
    let started: AccountRuntime | undefined
    const context = await device()
    const runtime = await startAccount({
      ...context,
      self: {
        accountId: record.account.accountId,
        deviceId: record.deviceId,
        signatureKey: record.signatureKey,
        credential: record.credential,
        accountKey: record.accountKey,
      },
      earlierArchiveKey: record.archiveKey,
      calls,
      records: context.accountStore(accountPrefix(record.account.accountId)),
      connection: events.connection,
      broken: error => {
        failure = error
        if (started !== undefined) {
          broken(started, error).catch(cause => diagnostics.note('RESTART_FAILED', cause))
        }
      },
    })
    started = runtime
    if (stage.phase === 'over') {
      await runtime.stop()
      return
    }
    const present: SignedInStage = { phase: 'signed-in', record, calls, runtime }
    stage = present
    announceSignedIn(present)
    watchRecovery(runtime)
    events.runtime(runtime)
    runtime.connect()
    if (failure !== undefined) await broken(runtime, failure)
  }

  const enter = async ({ record, session }: SignedIn) => {
    const active: AccountRecord = { ...record, phase: 'active' }
    await storeActive(root, active)
    const calls = createCalls(active)
    calls.adopt(session)
    await run(active, calls)
  }

  /** A device of an earlier version starts to share what it has until now kept to itself. */
  const learnArchiveKeys = async (keys: ArchiveKeys) => {
    if (stage.phase !== 'signed-in') return
    const { record, calls, runtime } = stage
    const isFirst = runtime.context.keyRing.current() === null
    await runtime.context.ledger.transact(transaction => stageKeys(runtime.context, transaction, keys))
    if (!isFirst) return
    await leave(stage, { phase: 'starting' })
    await run(record, calls)
  }

  /** One sign-in, sign-out or the like at a time. */
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isChanging) throw engineFailure('ENGINE_BUSY')
    isChanging = true
    try {
      return await work()
    } finally {
      isChanging = false
    }
  }

  const assertSignedOut = () => {
    if (stage.phase === 'signed-in') throw engineFailure('ENGINE_SIGNED_IN')
    if (stage.phase === 'starting') throw engineFailure('ENGINE_STARTING')
    if (stage.phase === 'over') throw engineFailure(stage.code)
  }

  const signedIn = (): SignedInStage => {
    if (stage.phase === 'signed-in') return stage
    if (stage.phase === 'starting') throw engineFailure('ENGINE_STARTING')
    throw engineFailure(stage.phase === 'over' ? stage.code : 'ENGINE_SIGNED_OUT')
  }

  /** A network failure says what it stopped. */
  const orOffline = async <T>(code: 'ENGINE_OFFLINE_SIGNUP' | 'ENGINE_OFFLINE_SIGNIN', work: Promise<T>) => {
    try {
      return await work
    } catch (error) {
      throw error instanceof NetworkError ? engineFailure(code) : error
    }
  }

  /** The name is taken by ourselves: an earlier sign-up of which the answer was lost. */
  const resumeSignUp = async (
    input: { handle: string; password: string },
    error: unknown,
  ): Promise<SignedIn> => {
    const isTaken = error instanceof ProtocolError && error.code === 'AUTH_HANDLE_TAKEN'
    const known = isTaken ? await findAccountByHandle(root, input.handle) : undefined
    if (known?.phase !== 'enrolling') throw error
    return signIn(await device(), input)
  }

  return {
    /** Shows what is stored at once; the network comes later. */
    async start(): Promise<void> {
      events.state({ phase: 'starting' })
      const record = await readCurrent(root)
      if (record?.phase === 'active') {
        await run(record, createCalls(record))
        return
      }
      stage = { phase: 'signed-out' }
      await announceSignedOut(null)
    },

    current: (): AccountRuntime => signedIn().runtime,

    signUp: (input: Parameters<EngineRequests['signUp']>[0]): Promise<void> =>
      exclusively(async () => {
        assertSignedOut()
        const handle = parseHandle(input.handle)
        const displayName = parseDisplayName(input.displayName)
        assertPassword(input.password, handle)
        const { password } = input
        const account = device()
          .then(context => signUp(context, { handle, displayName, password }))
          .catch(error => resumeSignUp({ handle, password }, error))
        await enter(await orOffline('ENGINE_OFFLINE_SIGNUP', account))
      }),

    signIn: (input: Parameters<EngineRequests['signIn']>[0]): Promise<void> =>
      exclusively(async () => {
        assertSignedOut()
        const handle = parseHandle(input.handle)
        const account = device().then(context => signIn(context, { handle, password: input.password }))
        await enter(await orOffline('ENGINE_OFFLINE_SIGNIN', account))
      }),

    signOut: ({ erase }: Parameters<EngineRequests['signOut']>[0]): Promise<void> =>
      exclusively(async () => {
        if (stage.phase === 'signed-out' && erase) {
          // Signed out already, and now the kept data shall go as well.
          for (const { account } of await listAccounts(root)) await eraseAccount(root, account.accountId)
          await announceSignedOut('requested')
          return
        }
        const present = signedIn()
        await Promise.race([present.runtime.finish(), sleep(clock, SIGN_OUT_PATIENCE_MS)])
        const told = call('signOut', { eraseDevice: erase }).catch(error => {
          if (endsSession(error)) return
          if (erase) throw error instanceof NetworkError ? engineFailure('ENGINE_OFFLINE_ERASE') : error
        })
        await (erase ? told : Promise.race([told, sleep(clock, SIGN_OUT_PATIENCE_MS)]))
        await leave(present, { phase: 'signed-out' })
        if (erase) await eraseAccount(root, present.record.account.accountId)
        else await storeSignedOut(root, present.record)
        await announceSignedOut('requested')
      }),

    changePassword: (input: Parameters<EngineRequests['changePassword']>[0]): Promise<void> =>
      exclusively(async () => {
        const { record, calls } = signedIn()
        assertPassword(input.next, record.account.handle)
        if (input.next === input.current) throw engineFailure('ENGINE_PASSWORD_SAME')
        await changePassword(await device(), calls, record, input)
      }),

    deleteAccount: ({ password }: Parameters<EngineRequests['deleteAccount']>[0]): Promise<void> =>
      exclusively(async () => {
        const present = signedIn()
        try {
          await deleteAccount(await device(), present.calls, present.record, password)
        } catch (error) {
          if (!(error instanceof ProtocolError && DELETED.has(error.code))) throw error
        }
        if (stage.phase === 'signed-in') await leave(stage, { phase: 'signed-out' })
        await eraseAccount(root, present.record.account.accountId)
        await announceSignedOut('account-deleted')
      }),

    async updateProfile(input: Parameters<EngineRequests['updateProfile']>[0]): Promise<void> {
      const { calls } = signedIn()
      const account = await calls.call('updateProfile', { displayName: parseDisplayName(input.displayName) })
      if (stage.phase !== 'signed-in') return
      stage = { ...stage, record: { ...stage.record, account } }
      await storeActive(root, stage.record)
      announceSignedIn(stage)
    },

    recoverAccount: (input: Parameters<EngineRequests['recoverAccount']>[0]): Promise<void> =>
      exclusively(async () => {
        assertSignedOut()
        const handle = parseHandle(input.handle)
        assertPassword(input.newPassword, handle)
        const { phrase, newPassword } = input
        const account = device().then(context => recoverAccount(context, { handle, phrase, newPassword }))
        await enter(await orOffline('ENGINE_OFFLINE_SIGNIN', account))
      }),

    resetAccount: (input: Parameters<EngineRequests['resetAccount']>[0]): Promise<void> =>
      exclusively(async () => {
        assertSignedOut()
        const handle = parseHandle(input.handle)
        assertPassword(input.newPassword, handle)
        const { code, newPassword } = input
        const account = device().then(context => resetAccount(context, { handle, code, newPassword }))
        await enter(await orOffline('ENGINE_OFFLINE_SIGNIN', account))
      }),

    readRecoveryPhrase: ({
      password,
    }: Parameters<EngineRequests['readRecoveryPhrase']>[0]): Promise<{ words: readonly string[] }> =>
      exclusively(async () => {
        const { record, calls, runtime } = signedIn()
        const isKnown = runtime.context.keyRing.current() !== null
        const { words, archiveKeys } = await readRecoveryPhrase(await device(), calls, record, {
          password,
          isKnown,
        })
        await learnArchiveKeys(archiveKeys)
        return { words }
      }),

    async confirmRecoveryPhrase(): Promise<void> {
      await signedIn().runtime.context.state.write(stateNames.recoverySaved, true)
    },

    async writeSetting({ name, value }: Parameters<EngineRequests['writeSetting']>[0]): Promise<void> {
      const { state } = signedIn().runtime.context
      const entry = stateNames.setting(name)
      const isAllowed = SETTING_NAME.test(name) && entry !== stateNames.recoverySaved
      if (!isAllowed || !state.fits(entry, value)) throw engineFailure('ENGINE_SETTING_INVALID')
      await state.write(entry, value)
    },

    async listDevices(): Promise<readonly DeviceSummary[]> {
      const { runtime } = signedIn()
      return listDevices(runtime.context, runtime.deviceNames.get)
    },

    async renameDevice({ deviceId, name }: Parameters<EngineRequests['renameDevice']>[0]): Promise<void> {
      const { runtime } = signedIn()
      await runtime.deviceNames.set(deviceId, parseDeviceName(name))
    },

    removeDevice: (input: Parameters<EngineRequests['removeDevice']>[0]): Promise<void> =>
      exclusively(async () => {
        const { record, runtime } = signedIn()
        await removeDevice(await device(), runtime.context, record, input)
        runtime.post.send()
      }),

    async stop(): Promise<void> {
      const last = stage
      stage = { phase: 'over', code: 'ENGINE_CLOSED' }
      if (last.phase === 'signed-in') await last.runtime.stop()
    },
  }
}
export type SessionControl = ReturnType<typeof createSession>
