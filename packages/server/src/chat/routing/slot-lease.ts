import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { describeError, type Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Nodes, Slots } from './router.ts'

/** The slot that this node reads, and those that others read now. */
export type SlotLease = Slots & {
  /** The name of this node: its slot, and how many have held that before. */
  readonly node: () => string
  /** Tells the others with the next renewal. */
  setHearsAll(hearsAll: boolean): void
  /** Gives the slot back. */
  stop(): Promise<void>
}

type Held = { readonly slot: number; readonly fence: number }
type Alive = Held & { readonly hears_all: boolean }
type Options = {
  readonly pool: pg.Pool
  readonly slots: number
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

const HELD_FOR = '10 seconds'
const RENEW_EVERY_MS = 2000

const TAKE = `
  INSERT INTO chat_node AS n (slot, node_id, fence, renewed_at, hears_all)
  SELECT s.slot, $1, 1, clock_timestamp(), true
  FROM generate_series(0, $2::integer - 1) AS s (slot)
  LEFT JOIN chat_node held ON held.slot = s.slot
  WHERE held.slot IS NULL OR held.renewed_at < clock_timestamp() - interval '${HELD_FOR}'
  ORDER BY s.slot LIMIT 1
  ON CONFLICT (slot) DO UPDATE
    SET node_id = EXCLUDED.node_id, fence = n.fence + 1, renewed_at = EXCLUDED.renewed_at, hears_all = true
    WHERE n.renewed_at < clock_timestamp() - interval '${HELD_FOR}'
  RETURNING slot, fence`

const RENEW = `
  UPDATE chat_node SET renewed_at = clock_timestamp(), hears_all = $3 WHERE slot = $1 AND fence = $2`

const ALIVE = `
  SELECT slot, fence, hears_all FROM chat_node WHERE renewed_at >= clock_timestamp() - interval '${HELD_FOR}' ORDER BY slot`

const GIVE_BACK = `
  UPDATE chat_node SET renewed_at = '-infinity' WHERE slot = $1 AND fence = $2`

const slotOf = ({ slot }: Held): string => String(slot)
const nameOf = ({ slot, fence }: Held): string => `${String(slot)}.${String(fence)}`

const pause = () => new Promise<void>(resolve => setTimeout(resolve, 100))

/**
 * Takes the lowest slot that nobody holds. Throws where all are held. Whoever comes to know the others late would
 * publish past them, so this node serves nobody before every other has looked again.
 */
export async function openSlotLease({ pool, slots, clock, log }: Options): Promise<SlotLease> {
  const nodeId = randomBytes(16)
  const listeners = new Set<(slot: string) => void>()
  let nodes: Nodes = { slots: [], slotOf: new Map(), hearingAll: [] }
  let hearsAll = true
  let isOver = false
  let cancel: () => void = () => undefined
  let renewing: Promise<void> = Promise.resolve()

  async function take(): Promise<Held> {
    for (let tries = 0; tries < 2 * slots; tries++) {
      const { rows } = await pool.query<Held>(TAKE, [nodeId, slots])
      const [held] = rows
      if (held !== undefined) return held
      // Somebody was faster, or all are held.
      await pause()
    }
    throw new Error(`All ${String(slots)} slots of the event bus are held by other nodes.`)
  }

  async function look(): Promise<void> {
    const { rows } = await pool.query<Alive>(ALIVE)
    nodes = {
      slots: rows.map(slotOf),
      slotOf: new Map(rows.map(row => [nameOf(row), slotOf(row)])),
      hearingAll: rows.filter(row => row.hears_all).map(slotOf),
    }
  }

  async function renew(): Promise<void> {
    const { rowCount } = await pool.query(RENEW, [held.slot, held.fence, hearsAll])
    if (rowCount === 0) {
      held = await take()
      log.warn('slot lost, another taken')
      for (const listener of listeners) listener(String(held.slot))
    }
    await look()
  }

  function keepRenewing(): void {
    cancel = clock.after(RENEW_EVERY_MS, () => {
      renewing = renew()
        .catch(error => log.warn('slot not renewed', describeError(error)))
        .finally(() => {
          if (!isOver) keepRenewing()
        })
    })
  }

  let held = await take()
  await look()
  keepRenewing()
  // Their next look is at most so far away.
  if (nodes.slots.length > 1) await new Promise<void>(resolve => setTimeout(resolve, RENEW_EVERY_MS + 500))

  return {
    own: () => String(held.slot),
    node: () => nameOf(held),
    setHearsAll(wanted) {
      hearsAll = wanted
    },
    nodes: () => nodes,
    onMoved: listener => void listeners.add(listener),
    async stop() {
      isOver = true
      cancel()
      await renewing
      await pool.query(GIVE_BACK, [held.slot, held.fence]).catch(() => undefined)
    },
  }
}
