import type { DeviceState, StateChange } from '@entangle/crypto'
import { CryptoError } from '@entangle/crypto'
import { type ConversationId, encodeCbor, idToBytes } from '@entangle/protocol'
import { type KeyRange, prefixRange, type StoredEntry, StoreError } from '../ports/key-value-store.ts'
import { accountKeys } from './keys.ts'
import type { SealedStore } from './sealed-store.ts'

/** What one atomic write is made of. Memory changes only in `afterCommit`, when the write is durable. */
export type Transaction = {
  /** Changes of this state become part of the write. */
  readonly mls: DeviceState
  /** Loads the group's entries, if there are any. */
  readonly openGroup: (conversationId: ConversationId) => Promise<void>
  /**
   * Takes over what another MLS state has made: stored in this write, loaded into this state. A group that is among it
   * takes the place of the same group as it was here.
   */
  readonly adopt: (changes: readonly StateChange[]) => void
  readonly put: (key: string, value: unknown) => void
  readonly remove: (key: string) => void
  readonly clear: (range: KeyRange) => void
  readonly afterCommit: (action: () => void) => void
}

/**
 * The only way to change the account's durable state: one transaction after the other, each one atomic
 * write that holds MLS entries and records together. When work throws, nothing of it has happened.
 * When a write fails, its outcome is unknown: the ledger closes and the account starts again from the store,
 * because going on with older keys in memory could use a key twice.
 */
export function createLedger(input: {
  readonly records: SealedStore
  readonly mls: DeviceState
  readonly broken: (error: Error) => void
}) {
  const { records, mls, broken } = input
  const loaded = new Set<ConversationId>()
  let tail: Promise<unknown> = Promise.resolve()
  let closed: Error | undefined

  const fail = (error: Error): Error => {
    if (closed === undefined) {
      closed = error
      broken(error)
    }
    return error
  }

  const openGroup = async (conversationId: ConversationId) => {
    if (loaded.has(conversationId) || mls.groupStatus(idToBytes(conversationId)) !== null) return
    const prefix = accountKeys.mls(`g/${conversationId}/`)
    const found = await records.scan(prefixRange(prefix))
    mls.loadEntries(found.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })))
    loaded.add(conversationId)
  }

  const commit = async (puts: StoredEntry[], deletes: string[], clears: KeyRange[]) => {
    for (const { key, value } of mls.takeChanges()) {
      if (value === null) deletes.push(accountKeys.mls(key))
      else puts.push({ key: accountKeys.mls(key), value })
    }
    if (puts.length + deletes.length + clears.length > 0) {
      try {
        await records.write({ puts, deletes, clears })
      } catch (error) {
        throw fail(error instanceof Error ? error : new StoreError('STORE_FAILED', 'the write failed'))
      }
    }
    mls.accept()
  }

  /** Groups of these changes are not in memory any more: they are read from the store when they are needed. */
  const forget = (changes: readonly StateChange[]): Set<ConversationId> => {
    const groups = new Set<ConversationId>()
    for (const { key } of changes) {
      const [scope, conversationId] = key.split('/')
      if (scope === 'g' && conversationId !== undefined) groups.add(conversationId as ConversationId)
    }
    for (const conversationId of groups) {
      mls.unloadGroup(idToBytes(conversationId))
      loaded.delete(conversationId)
    }
    return groups
  }

  const run = async <T>(work: (transaction: Transaction) => T | Promise<T>): Promise<T> => {
    if (closed !== undefined) throw closed
    const puts = new Map<string, Uint8Array>()
    const deletes = new Set<string>()
    const clears: KeyRange[] = []
    const actions: (() => void)[] = []
    const taken: StateChange[] = []
    let result: T
    try {
      result = await work({
        mls,
        openGroup,
        adopt: adopted => {
          const entries = adopted.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
          for (const group of forget(entries)) clears.push(prefixRange(accountKeys.mls(`g/${group}/`)))
          for (const { key, value } of entries) puts.set(accountKeys.mls(key), value)
          mls.loadEntries(entries)
          taken.push(...entries)
        },
        put: (key, value) => {
          deletes.delete(key)
          puts.set(key, encodeCbor(value))
        },
        remove: key => {
          puts.delete(key)
          deletes.add(key)
        },
        clear: range => clears.push(range),
        afterCommit: action => actions.push(action),
      })
    } catch (error) {
      if (error instanceof CryptoError && error.code === 'CRYPTO_INSTANCE_LOST') throw fail(error)
      mls.discard()
      // It is not what the store holds.
      forget(taken)
      throw error
    }
    if (closed !== undefined) throw closed
    await commit(
      [...puts].map(([key, value]) => ({ key, value })),
      [...deletes],
      clears,
    )
    for (const action of actions) action()
    return result
  }

  return {
    transact<T>(work: (transaction: Transaction) => T | Promise<T>): Promise<T> {
      const outcome = tail.then(() => run(work))
      tail = outcome.catch(() => undefined)
      return outcome
    },
    /** No transaction after this one; resolves when the last has ended. */
    async close(): Promise<void> {
      closed ??= new StoreError('STORE_CLOSED', 'the account was closed')
      await tail
    },
  }
}
export type Ledger = ReturnType<typeof createLedger>
