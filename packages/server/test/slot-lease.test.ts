import { createSpareDatabases, type SpareDatabases } from '@entangle/testkit/harness'
import type pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openSlotLease } from '../src/chat/routing/slot-lease.ts'
import { migrate } from '../src/database/migrate.ts'
import { createPool } from '../src/database/pools.ts'
import { createLog } from '../src/logging.ts'

const SOON = { timeout: 20_000 }

let databases: SpareDatabases
let pool: pg.Pool

beforeAll(async () => {
  databases = await createSpareDatabases(inject('server').dataDir)
  pool = createPool({ connectionString: databases.env.CHAT_DATABASE_URL }, 4)
  await migrate(pool, 'chat')
})

afterAll(async () => {
  await pool.end()
  await databases.drop()
})

/** A node whose time passes when the test says so. */
async function openNode() {
  let renew: () => void = () => undefined
  const clock = {
    after(_: number, action: () => void) {
      renew = action
      return () => undefined
    },
  }
  const lease = await openSlotLease({ pool, slots: 4, clock, log: createLog('silent') })
  const moves: string[] = []
  lease.onMoved(slot => moves.push(slot))
  return { lease, moves, renew: () => renew() }
}

test('a node that was away for too long finds its slot in other hands, and takes a new one', async () => {
  const away = await openNode()
  const slot = away.lease.own()
  await pool.query(`UPDATE chat_node SET renewed_at = clock_timestamp() - interval '11 seconds'`)
  const successor = await openNode()
  expect(successor.lease.own()).toBe(slot)
  expect(successor.lease.node()).not.toBe(away.lease.node())

  away.renew()
  await expect.poll(() => away.moves, SOON).toHaveLength(1)
  expect(away.lease.own()).not.toBe(slot)
  successor.renew()
  await expect
    .poll(() => successor.lease.nodes().slots.toSorted(), SOON)
    .toEqual([slot, away.lease.own()].toSorted())
  expect(successor.moves).toEqual([])
  await Promise.all([away.lease.stop(), successor.lease.stop()])
  // Given back: the next one need not wait until they have run out.
  const next = await openNode()
  expect(next.lease.own()).toBe(slot)
  await next.lease.stop()
})
