import { LIMITS, ProtocolError } from '@entangle/protocol'
import type { AccountRoom } from '../account/room.ts'
import type { AccountSettings } from '../api/engine-api.ts'
import type { Transaction } from '../store/ledger.ts'
import { createQuota } from '../sync/quota.ts'
import { createRepeatable } from '../sync/repeatable.ts'
import { createStamps } from './stamps.ts'
import { createStateBook, type HeldEntry, type Revisions } from './state-book.ts'
import { createStateCodec, type SealedEntry } from './state-codec.ts'
import type { StateEntry, StateValue } from './state-entry.ts'
import { stateNames } from './state-names.ts'

export type StateRoom = Pick<
  AccountRoom,
  'archiveKeys' | 'calls' | 'clock' | 'timing' | 'diagnostics' | 'ledger' | 'records' | 'sender' | 'self'
>

/** Takes part in the write that stores entries of other devices. */
export type StateApplier = (transaction: Transaction, changed: readonly StateEntry[]) => void

/** Well below what one body may hold. */
const MOST_BYTES = 3 * 1024 * 1024

/**
 * Settings that all devices of the account share: last writer wins, the same everywhere. Written here first,
 * told to the others soon after; the server sees neither names nor values.
 */
export function createAccountState(room: StateRoom) {
  const { calls, clock, timing, diagnostics, ledger, records, self } = room
  const codec = createStateCodec(room.archiveKeys)
  const book = createStateBook({ codec, stamps: createStamps(clock.now), deviceId: self.deviceId })
  const listeners = new Set<() => void>()
  let apply: StateApplier = () => undefined
  let newest = 0
  let mustPull = false
  let skipped = 0

  const tell = () => {
    for (const listener of [...listeners]) listener()
  }

  // To the server

  /** Beyond its room the server still takes new values of what it has. */
  const batch = (hasRoom: boolean) => {
    const entries: HeldEntry[] = []
    const sealed: SealedEntry[] = []
    let sizeBytes = 0
    for (const entry of book.all()) {
      if (!entry.dirty || !(hasRoom || entry.shared === true)) continue
      const next = codec.seal(entry)
      sizeBytes += next.sealed.length
      if (sizeBytes > MOST_BYTES || entries.length === LIMITS.accountStateEntriesPerPage) break
      entries.push(entry)
      sealed.push(next)
    }
    return { entries, sealed }
  }

  const push = async (): Promise<boolean> => {
    const hasRoom = quota.mayTry()
    const { entries, sealed } = batch(hasRoom)
    if (entries.length === 0) return false
    let written: Revisions
    try {
      written = await calls.call('writeAccountState', { entries: sealed })
      if (hasRoom) quota.taken()
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'CHAT_STATE_FULL') {
        diagnostics.note('STATE_FULL')
        quota.exhausted()
        return hasRoom
      }
      if (!(error instanceof ProtocolError) || error.code !== 'CHAT_STATE_STAMP_AHEAD') throw error
      const aheadMs = clock.now() - Number(error.details['serverTime'])
      await ledger.transact(transaction => book.stageStampedAnew(transaction, aheadMs))
      throw error
    }
    await ledger.transact(transaction => {
      book.stageSettled(transaction, entries)
      book.stageOwnRevision(transaction, written)
    })
    return true
  }

  // From the server

  const pull = async (): Promise<boolean> => {
    const present = book.revision()
    if (!mustPull && present !== undefined && newest <= present) return false
    const page = await calls.call('readAccountState', { after: present ?? 0 })
    const opened = page.entries.map(entry => codec.open(entry)).filter(entry => entry !== undefined)
    if (opened.length < page.entries.length) {
      skipped += page.entries.length - opened.length
      diagnostics.note('STATE_ENTRIES_SKIPPED', skipped)
    }
    const last = page.entries.at(-1)?.revision ?? page.revision
    const reached = page.hasMore ? last : page.revision
    await ledger.transact(transaction => {
      const changed = opened.filter(entry => book.stageForeign(transaction, entry))
      // New keys may have come meanwhile, and with them the wish to begin again.
      if (book.revision() === present) book.stageRevision(transaction, reached)
      if (changed.length > 0) apply(transaction, changed)
      transaction.afterCommit(tell)
    })
    mustPull = page.hasMore && page.entries.length > 0
    return mustPull || newest > reached
  }

  const sync = createRepeatable(room, {
    code: 'STATE_SYNC_FAILED',
    work: async () => {
      const pulled = await pull()
      const pushed = await push()
      return pulled || pushed
    },
  })
  const quota = createQuota(clock, sync.want)

  /** Part of a transaction: written now, told to the other devices soon. What does not fit is not shared. */
  const stage = (transaction: Transaction, name: string, value: StateValue): void => {
    if (!codec.fits({ name, value }) || !book.stageOwn(transaction, name, value)) return
    transaction.afterCommit(() => {
      sync.wantIn(timing.stateDelay)
      tell()
    })
  }

  return {
    load: (): Promise<void> => book.load(records),
    /** Undefined when nobody has ever written it. */
    read: (name: string): StateValue | undefined => book.get(name)?.value,
    /** Of everything that was ever written and begins so. */
    names: (prefix: string): string[] =>
      [...book.all()].map(({ name }) => name).filter(name => name.startsWith(prefix)),
    fits: (name: string, value: StateValue): boolean => codec.fits({ name, value }),
    stage,
    /** Part of a transaction: a first value that loses against whatever a person has decided on any device. */
    stageDefault(transaction: Transaction, name: string, value: StateValue): void {
      if (book.stageDefault(transaction, name, value)) {
        transaction.afterCommit(() => sync.wantIn(timing.stateDelay))
      }
    },
    /** Resolves when it is durable on this device. */
    write: (name: string, value: StateValue): Promise<void> =>
      ledger.transact(transaction => stage(transaction, name, value)),
    /** Who turns entries of other devices into changes of chats. */
    applyWith(applier: StateApplier): void {
      apply = applier
    },
    /** Part of the write that stores new archive keys: what did not open before is read again. */
    stageReread(transaction: Transaction): void {
      if (book.revision() !== undefined) book.stageRevision(transaction, 0)
      transaction.afterCommit(sync.want)
    },
    /** What the server says is the newest revision. */
    learn(revision: number): void {
      newest = revision
      sync.want()
    },
    /** Tells the server what it has not been told. */
    finish: sync.finish,
    /** Whether the other devices' entries were read at least once: before, what is missing may only be unknown. */
    isKnown: (): boolean => book.revision() !== undefined,
    settings(): AccountSettings {
      const settings: Record<string, string | number | boolean> = {}
      for (const { name, value } of book.all()) {
        const isShown = name.startsWith(stateNames.settings) && name !== stateNames.recoverySaved
        if (isShown && value !== null && typeof value !== 'object') {
          settings[name.slice(stateNames.settings.length)] = value
        }
      }
      return settings
    },
    isRecoverySaved: (): boolean =>
      book.get(stateNames.recoverySaved)?.value === true || book.revision() === undefined,
    /** Entries that did not open since the start. */
    skipped: (): number => skipped,
    /** Called after every change. Returns the unsubscriber. */
    listen(listener: () => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    /** Of the server's room for entries of this account. */
    quota,
    stop(): void {
      sync.stop()
      quota.stop()
    },
  }
}
export type AccountState = ReturnType<typeof createAccountState>
