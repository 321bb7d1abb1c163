import { type Crypto, verifySuccessions } from '@entangle/crypto'
import { type AccountId, idToBytes } from '@entangle/protocol'
import { z } from 'zod'
import type { AccountContext } from '../account/context.ts'
import { stateNames } from '../account-state/state-names.ts'
import { equalBytes } from '../bytes.ts'
import type { Transaction } from '../store/ledger.ts'
import type { ContactRecord } from './contact-book.ts'
import { markOf } from './trust.ts'

/** An account key that took the place of another, as all devices of the account tell it. */
export type KeyChange = {
  readonly accountId: AccountId
  /** SHA-256 of the new account key, in hexadecimal digits. */
  readonly mark: string
  /** When the first device of the account learned it, milliseconds since 1970. */
  readonly at: number
  /** The key before has signed this one; else a person has accepted it. */
  readonly signed: boolean
}

/** More of one person are not told. */
const MOST = 8

const changesSchema = z.record(
  z.string().regex(/^[0-9a-f]{64}$/),
  z.object({ at: z.number().nonnegative(), signed: z.boolean() }),
)

function changesOf({ state }: Pick<AccountContext, 'state'>, accountId: AccountId): KeyChange[] {
  const told = changesSchema.safeParse(state.read(stateNames.keyChanges(accountId))).data ?? {}
  return Object.entries(told)
    .map(([mark, { at, signed }]) => ({ accountId, mark, at, signed }))
    .sort((one, other) => one.at - other.at)
}

/** Whether the later key follows the earlier one by the word of that one. */
function isSuccessor(crypto: Crypto, before: ContactRecord, after: ContactRecord): boolean {
  const { accountId, accountKey, successions = [] } = after
  const keys = verifySuccessions(crypto, idToBytes(accountId), accountKey, successions)
  return keys.some(key => equalBytes(key, before.accountKey))
}

/** Part of a transaction: another key is pinned now. What a sibling has told of it before stays as it told it. */
export function stageKeyChange(
  context: Pick<AccountContext, 'clock' | 'crypto' | 'state'>,
  transaction: Transaction,
  before: ContactRecord,
  after: ContactRecord,
): void {
  const { clock, crypto, state } = context
  const { accountId } = after
  const mark = markOf(after.accountKey)
  const known = changesOf(context, accountId)
  if (known.some(change => change.mark === mark)) return
  const change = { accountId, mark, at: clock.now(), signed: isSuccessor(crypto, before, after) }
  const told = [...known, change].slice(-MOST).map(({ mark, at, signed }) => [mark, { at, signed }] as const)
  state.stage(transaction, stateNames.keyChanges(accountId), Object.fromEntries(told))
}

/** Of everybody whose identity became another one, for the timelines. */
export function createKeyChanges(context: Pick<AccountContext, 'state'>) {
  const { state } = context
  const listeners = new Set<() => void>()
  const prefix = stateNames.keyChanges('' as AccountId)
  const read = () =>
    state.names(prefix).flatMap(name => changesOf(context, name.slice(prefix.length) as AccountId))
  let changes = read()

  const stop = state.listen(() => {
    const present = read()
    const isSame =
      present.length === changes.length && present.every(({ mark }, at) => mark === changes[at]?.mark)
    changes = present
    if (!isSame) for (const listener of [...listeners]) listener()
  })

  return {
    all: (): readonly KeyChange[] => changes,
    /** Called after every change. Returns the unsubscriber. */
    listen(listener: () => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    stop,
  }
}
export type KeyChanges = ReturnType<typeof createKeyChanges>
