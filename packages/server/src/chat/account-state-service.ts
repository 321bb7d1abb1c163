import { type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText, packBytes, packIntegers } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { writingStore } from './account-store.ts'
import type { Publisher } from './routing/router.ts'

/** Sealed settings of an account, the same on all its devices: of two writings the higher (stamp, device) stays. */
export type AccountStateService = {
  write(
    session: DeviceSession,
    request: RequestOf<'writeAccountState'>,
  ): Promise<AnswerOf<'writeAccountState'>>
  read(session: DeviceSession, request: RequestOf<'readAccountState'>): Promise<AnswerOf<'readAccountState'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly router: Publisher
  readonly clock: Clock
  readonly entriesLimit: number
}

type Entry = RequestOf<'writeAccountState'>['entries'][number]
type StateRow = {
  key: Buffer
  stamp: number
  device_id: Buffer
  revision: number
  sealed: Buffer
  found: number
}

const STAMP_COUNTER_BITS = 8
const STAMP_LEAD_MS = 5 * 60 * 1000
const PAGE_BYTES = 4 * 1024 * 1024

/** Of several writings of one key in one request the newest, as if they had come one by one. */
function newestOfEachKey(entries: readonly Entry[]): Entry[] {
  const newest = new Map<string, Entry>()
  for (const entry of entries) {
    const key = Buffer.from(entry.key).toString('base64')
    const other = newest.get(key)
    if (other === undefined || entry.stamp > other.stamp) newest.set(key, entry)
  }
  return [...newest.values()]
}

export function createAccountStateService(dependencies: Dependencies): AccountStateService {
  const { database, router, clock, entriesLimit } = dependencies

  /**
   * A stamp from the future would win over everything written until then. It is refused and not lowered:
   * the writer would otherwise keep a stamp that nobody else has, and end with another winner than they.
   */
  function assertNotAhead(entries: readonly Entry[]): void {
    const nowMs = clock.now()
    const latest = (nowMs + STAMP_LEAD_MS) * 2 ** STAMP_COUNTER_BITS
    if (entries.some(entry => entry.stamp > latest)) {
      throw new ProtocolError('CHAT_STATE_STAMP_AHEAD', { serverTime: nowMs })
    }
  }

  return {
    async write({ accountId, deviceId }, request) {
      assertNotAhead(request.entries)
      const entries = newestOfEachKey(request.entries)
      const write = () =>
        sql<{ previous: number; revision: number }>`
          SELECT previous, revision FROM write_account_state(
            ${idBytes(accountId)}, ${idBytes(deviceId)},
            ${packBytes(entries.map(entry => entry.key))}::bytea[],
            ${packIntegers(entries.map(entry => entry.stamp))}::bigint[],
            ${packBytes(entries.map(entry => entry.sealed))}::bytea[], ${entriesLimit})`.execute(database)
      const { rows } = await writingStore(write, 'CHAT_STATE_FULL', { entriesLimit })
      const { previous, revision } = rows[0] ?? { previous: 0, revision: 0 }
      if (revision > previous)
        router.publish([{ kind: 'state', accountId, exceptDevice: deviceId, revision }])
      return { previous, revision }
    },

    async read({ accountId }, { after }) {
      const limit = LIMITS.accountStateEntriesPerPage
      const account = idBytes(accountId)
      const { rows: found } = await sql<{ newest: number } & (StateRow | { key: null })>`
        SELECT s.newest, counted.key, counted.stamp, counted.device_id, counted.revision, counted.sealed, counted.found
        FROM (
          SELECT coalesce((SELECT state_revision FROM account_store WHERE account_id = ${account}), 0) AS newest
        ) s
        LEFT JOIN (
          SELECT *, count(*) OVER () AS found, row_number() OVER (ORDER BY revision) AS place,
            sum(octet_length(sealed)) OVER (ORDER BY revision) AS total
          FROM (
            SELECT * FROM account_state
            WHERE account_id = ${account} AND revision > ${after}
            ORDER BY revision LIMIT ${limit + 1}) page
        ) counted ON place <= ${limit} AND (total <= ${PAGE_BYTES} OR place = 1)
        ORDER BY revision`.execute(database)
      const newest = found[0]?.newest ?? 0
      const rows = found.filter(row => row.key !== null)
      const last = rows.at(-1)
      const hasMore = last !== undefined && rows.length < last.found
      return {
        entries: rows.map(row => ({
          key: row.key,
          stamp: row.stamp,
          deviceId: idText<DeviceId>(row.device_id),
          revision: row.revision,
          sealed: row.sealed,
        })),
        // Where to go on: an account's later revisions are not known before the pages between are read.
        revision: hasMore ? last.revision : Math.max(newest, last?.revision ?? 0),
        hasMore,
      }
    },
  }
}
