import { type DeviceId, encodeCbor } from '@entangle/protocol'
import { equalBytes, hexOf } from '../bytes.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { Stamps } from './stamps.ts'
import type { StateCodec } from './state-codec.ts'
import { type StateEntry, type StateValue, wins } from './state-entry.ts'

/** `dirty`: written here and not yet at the server. `shared`: the server has this or a former value. */
export type HeldEntry = StateEntry & { readonly dirty: boolean; readonly shared?: boolean }

export type SyncRecord = {
  /** Every change up to here was read. */
  readonly revision: number
}

/** The newest revision before a writing of this device, and with it. */
export type Revisions = { readonly previous: number; readonly revision: number }

/** The account state as it is stored on this device, in memory. */
export function createStateBook(input: {
  readonly codec: StateCodec
  readonly stamps: Stamps
  readonly deviceId: DeviceId
}) {
  const { codec, stamps, deviceId } = input
  const entries = new Map<string, HeldEntry>()
  let sync: SyncRecord | undefined

  const put = (transaction: Transaction, entry: HeldEntry) => {
    transaction.put(accountKeys.state(hexOf(codec.keyOf(entry.name))), entry)
    transaction.afterCommit(() => void entries.set(entry.name, entry))
  }

  const stageRevision = (transaction: Transaction, revision: number) => {
    const next: SyncRecord = { revision }
    transaction.put(accountKeys.stateSync, next)
    transaction.afterCommit(() => {
      sync = next
    })
  }

  return {
    async load(records: SealedStore): Promise<void> {
      for (const entry of await records.scanRecords(accountKeys.states, value => value as HeldEntry)) {
        if (wins(entry, entries.get(entry.name))) entries.set(entry.name, entry)
        stamps.see(entry.stamp)
      }
      sync = await records.readRecord(accountKeys.stateSync, value => value as SyncRecord)
    },
    get: (name: string): HeldEntry | undefined => entries.get(name),
    all: (): IterableIterator<HeldEntry> => entries.values(),
    /** Undefined until the server was asked for the first time. */
    revision: (): number | undefined => sync?.revision,
    /** Part of a transaction: a writing of this device. False when it changes nothing. */
    stageOwn(transaction: Transaction, name: string, value: StateValue): boolean {
      const present = entries.get(name)
      if (present !== undefined && equalBytes(encodeCbor(present.value), encodeCbor(value))) return false
      // What an earlier version has settled was not marked.
      const shared = present !== undefined && (present.shared === true || !present.dirty)
      put(transaction, { name, value, stamp: stamps.next(), deviceId, dirty: true, shared })
      return true
    },
    /** Part of a transaction: holds until any device has decided anything. */
    stageDefault(transaction: Transaction, name: string, value: StateValue): boolean {
      if (entries.has(name)) return false
      put(transaction, { name, value, stamp: 0, deviceId, dirty: true })
      return true
    },
    /** Part of a transaction: a writing of any device, as it came. False when a newer one is here. */
    stageForeign(transaction: Transaction, entry: StateEntry): boolean {
      stamps.see(entry.stamp)
      if (!wins(entry, entries.get(entry.name))) return false
      put(transaction, { ...entry, dirty: false, shared: true })
      return true
    },
    /** Part of a transaction: the server has these. What was written anew meanwhile stays dirty. */
    stageSettled(transaction: Transaction, settled: readonly StateEntry[]): void {
      for (const { name, stamp } of settled) {
        const present = entries.get(name)
        if (present === undefined) continue
        put(transaction, { ...present, dirty: present.dirty && present.stamp !== stamp, shared: true })
      }
    },
    /** Part of a transaction: what waits was stamped by a clock that was ahead; it is stamped anew, in its order. */
    stageStampedAnew(transaction: Transaction, aheadMs: number): void {
      const all = [...entries.values()]
      const clean = all.filter(({ dirty }) => !dirty).map(({ stamp }) => stamp)
      stamps.setBack(Math.max(0, ...clean), aheadMs)
      const waiting = all
        .filter(({ dirty, stamp }) => dirty && stamp > 0)
        .sort((one, other) => one.stamp - other.stamp)
      for (const entry of waiting) put(transaction, { ...entry, stamp: stamps.next() })
    },
    stageRevision,
    /** Part of a transaction: what this device wrote need not be read, if nobody else has written in between. */
    stageOwnRevision(transaction: Transaction, { previous, revision }: Revisions): void {
      if (sync?.revision === previous) stageRevision(transaction, revision)
    },
  }
}
export type StateBook = ReturnType<typeof createStateBook>
