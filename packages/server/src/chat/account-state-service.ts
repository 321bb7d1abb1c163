import { type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText, packBytes, packIntegers } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventBus } from '../ports/event-bus.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { lockAccountStore, readStateRevision } from './account-store.ts'
import { type ChatEvent, LOCAL_SLOT } from './chat-event.ts'

/** Sealed settings of an account, the same on all its devices: of two writings the higher (stamp, device) stays. */
export type AccountStateService = {
  write(session: DeviceSession, request: RequestOf<'writeAccountState'>): Promise<{ revision: number }>
  read(session: DeviceSession, request: RequestOf<'readAccountState'>): Promise<AnswerOf<'readAccountState'>>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly bus: EventBus<ChatEvent>
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
  const { database, bus, clock, entriesLimit } = dependencies

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
      const [account, device] = [idBytes(accountId), idBytes(deviceId)]
      const outcome = await database.transaction().execute(async work => {
        const { state_revision, state_entries } = await lockAccountStore(work, accountId)
        const { rows } = await sql<{ stored: number; added: number }>`
          WITH winners AS (
            SELECT u.*, s.key IS NULL AS added, row_number() OVER (ORDER BY u.place) AS step
            FROM unnest(
              ${packBytes(entries.map(entry => entry.key))}::bytea[],
              ${packIntegers(entries.map(entry => entry.stamp))}::bigint[],
              ${packBytes(entries.map(entry => entry.sealed))}::bytea[])
              WITH ORDINALITY AS u (key, stamp, sealed, place)
            LEFT JOIN account_state s ON s.account_id = ${account} AND s.key = u.key
            WHERE s.key IS NULL OR (u.stamp, ${device}::bytea) > (s.stamp, s.device_id::bytea)
          ), stored AS (
            INSERT INTO account_state (account_id, key, stamp, device_id, revision, sealed)
            SELECT ${account}, w.key, w.stamp, ${device}, ${state_revision}::bigint + w.step, w.sealed
            FROM winners w
            ON CONFLICT (account_id, key) DO UPDATE SET stamp = EXCLUDED.stamp,
              device_id = EXCLUDED.device_id, revision = EXCLUDED.revision, sealed = EXCLUDED.sealed
          )
          SELECT count(*) AS stored, count(*) FILTER (WHERE added) AS added FROM winners`.execute(work)
        const { stored, added } = rows[0] ?? { stored: 0, added: 0 }
        const total = state_entries + added
        if (added > 0 && total > entriesLimit) throw new ProtocolError('CHAT_STATE_FULL', { entriesLimit })
        const revision = state_revision + stored
        await work
          .updateTable('account_store')
          .set({ state_revision: revision, state_entries: total })
          .where('account_id', '=', account)
          .execute()
        return { revision, changed: stored > 0 }
      })
      const { revision } = outcome
      if (outcome.changed)
        bus.publish(LOCAL_SLOT, [{ kind: 'state', accountId, exceptDevice: deviceId, revision }])
      return { revision }
    },

    async read({ accountId }, { after }) {
      const limit = LIMITS.accountStateEntriesPerPage
      // Before the entries: what is committed in between is then in the page, or beyond this revision.
      const newest = await readStateRevision(database, accountId)
      const { rows } = await sql<StateRow>`
        SELECT key, stamp, device_id, revision, sealed, found
        FROM (
          SELECT *, count(*) OVER () AS found, row_number() OVER (ORDER BY revision) AS place,
            sum(octet_length(sealed)) OVER (ORDER BY revision) AS total
          FROM (
            SELECT * FROM account_state
            WHERE account_id = ${idBytes(accountId)} AND revision > ${after}
            ORDER BY revision LIMIT ${limit + 1}) page
        ) counted
        WHERE place <= ${limit} AND (total <= ${PAGE_BYTES} OR place = 1)
        ORDER BY revision`.execute(database)
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
