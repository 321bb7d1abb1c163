import { type AccountId, type AccountSummary, LIMITS } from '@entangle/protocol'
import type { AccountRoom } from '../account/room.ts'
import { accountKeys } from '../store/keys.ts'
import { createRepeatable } from '../sync/repeatable.ts'

/** What this device knows of somebody. */
export type PersonRecord = AccountSummary & {
  /** The account was deleted; the names are the last ones. */
  readonly gone: boolean
  /** When the directory was last asked. */
  readonly askedAt: number
}

export type PeopleRoom = Pick<
  AccountRoom,
  'calls' | 'clock' | 'timing' | 'diagnostics' | 'ledger' | 'records' | 'sender'
>

/** Names seldom change; who renames is seen anew within this time. */
const FRESH_MS = 6 * 3600 * 1000
/** Whoever comes up in one turn is asked for together. */
const GATHER_MS = 20

const NOBODY = 'Deleted account'

/** Everybody whom this device has met, by account: what the directory says of them, kept for when it cannot answer. */
export function createPeopleBook(room: PeopleRoom) {
  const { calls, clock, ledger, records } = room
  const people = new Map<AccountId, PersonRecord>()
  const wanted = new Set<AccountId>()
  const listeners = new Set<(changed: readonly AccountId[]) => void>()

  const isFresh = (accountId: AccountId): boolean => {
    const known = people.get(accountId)
    return known !== undefined && (known.gone || clock.now() - known.askedAt < FRESH_MS)
  }

  const isNews = ({ accountId, displayName, handle, gone }: PersonRecord): boolean => {
    const known = people.get(accountId)
    return known?.displayName !== displayName || known.handle !== handle || known.gone !== gone
  }

  const put = (next: readonly PersonRecord[]): Promise<void> =>
    ledger.transact(transaction => {
      const changed = next.filter(isNews).map(({ accountId }) => accountId)
      for (const person of next) transaction.put(accountKeys.person(person.accountId), person)
      transaction.afterCommit(() => {
        for (const person of next) {
          people.set(person.accountId, person)
          wanted.delete(person.accountId)
        }
        if (changed.length > 0) for (const listener of [...listeners]) listener(changed)
      })
    })

  const asPerson = ({ accountId, handle, displayName }: AccountSummary): PersonRecord => ({
    accountId,
    handle,
    displayName,
    gone: false,
    askedAt: clock.now(),
  })

  const asGone = (accountId: AccountId): PersonRecord => {
    const { handle = '', displayName = NOBODY } = people.get(accountId) ?? {}
    return { accountId, handle, displayName, gone: true, askedAt: clock.now() }
  }

  /** Who is not in the answer has deleted the account. */
  const ask = async (accountIds: readonly AccountId[]): Promise<void> => {
    const { accounts } = await calls.call('readAccounts', { accountIds: [...accountIds] })
    const found = new Map(accounts.map(account => [account.accountId, account]))
    await put(
      accountIds.map(accountId => {
        const account = found.get(accountId)
        return account === undefined ? asGone(accountId) : asPerson(account)
      }),
    )
  }

  const questions = createRepeatable(room, {
    code: 'PEOPLE_NOT_READ',
    work: async () => {
      const batch = [...wanted].slice(0, LIMITS.accountsPerRequest)
      if (batch.length > 0) await ask(batch)
      return wanted.size > 0
    },
  })

  return {
    async load(): Promise<void> {
      const stored = await records.scanRecords(accountKeys.people, value => value as PersonRecord)
      for (const person of stored) people.set(person.accountId, person)
    },
    get: (accountId: AccountId): PersonRecord | undefined => people.get(accountId),
    /** Names to show now; who is not known yet has none, and is asked for. */
    describe(accountId: AccountId): AccountSummary {
      if (!isFresh(accountId)) this.want([accountId])
      const { handle = '', displayName = '' } = people.get(accountId) ?? {}
      return { accountId, handle, displayName }
    },
    /** Those of whom nothing is known, or nothing new enough, are asked for soon. */
    want(accountIds: Iterable<AccountId>): void {
      const before = wanted.size
      for (const accountId of accountIds) if (!isFresh(accountId)) wanted.add(accountId)
      if (wanted.size > before) questions.wantIn(GATHER_MS)
    },
    /** What any answer has said of somebody. */
    learn: (summaries: readonly AccountSummary[]): Promise<void> => put(summaries.map(asPerson)),
    learnGone: (accountId: AccountId): Promise<void> => put([asGone(accountId)]),
    /** Asks at once for those who are not known well, and waits for the answers. */
    async read(accountIds: readonly AccountId[]): Promise<void> {
      const missing = accountIds.filter(accountId => !isFresh(accountId))
      for (let at = 0; at < missing.length; at += LIMITS.accountsPerRequest) {
        await ask(missing.slice(at, at + LIMITS.accountsPerRequest))
      }
    },
    /** Called after names have changed. Returns the unsubscriber. */
    listen(listener: (changed: readonly AccountId[]) => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    /** The connection is there. */
    connected(): void {
      if (wanted.size > 0) questions.want()
    },
    stop: questions.stop,
  }
}
export type PeopleBook = ReturnType<typeof createPeopleBook>
