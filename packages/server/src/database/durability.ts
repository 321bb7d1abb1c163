import type pg from 'pg'
import type { Log } from '../logging.ts'
import type { Reading, Registry } from '../metrics/registry.ts'

type Settings = {
  readonly fsync: string
  readonly full_page_writes: string
  readonly synchronous_commit: string
  readonly synchronous_standby_names: string
}

/** What a database is set to that can lose what was acknowledged, by a name that stays. */
export type DurabilityRisk =
  | 'FSYNC_OFF'
  | 'FULL_PAGE_WRITES_OFF'
  | 'COMMIT_NOT_AWAITED'
  | 'STANDBY_NOT_NAMED'
  | 'STANDBY_NOT_AWAITED'

const READ = `
  SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS synchronous_standby_names`

/** The values with which a commit waits until a standby has it on its disk. */
const AWAITS_STANDBY = new Set(['on', 'remote_apply'])

export function risksOf(settings: Settings): DurabilityRisk[] {
  const { fsync, full_page_writes, synchronous_commit, synchronous_standby_names } = settings
  const hasStandby = synchronous_standby_names.trim() !== ''
  const risks: [DurabilityRisk, boolean][] = [
    ['FSYNC_OFF', fsync !== 'on'],
    ['FULL_PAGE_WRITES_OFF', full_page_writes !== 'on'],
    ['COMMIT_NOT_AWAITED', synchronous_commit === 'off'],
    ['STANDBY_NOT_NAMED', !hasStandby],
    ['STANDBY_NOT_AWAITED', hasStandby && !AWAITS_STANDBY.has(synchronous_commit)],
  ]
  return risks.filter(([, isThere]) => isThere).map(([risk]) => risk)
}

type Parts = {
  /** The operator's own databases, by name. */
  readonly pools: Readonly<Record<string, pg.Pool>>
  readonly required: boolean
  readonly log: Log
  readonly registry: Registry
}

/** Says at the start what can lose acknowledged messages. Throws where the operator has asked for none of it. */
export async function checkDurability({ pools, required, log, registry }: Parts): Promise<void> {
  const readings: Reading[] = []
  for (const [database, pool] of Object.entries(pools)) {
    const { rows } = await pool.query<Settings>(READ)
    const risks = rows.flatMap(risksOf)
    for (const risk of risks)
      log.warn(`a failover or a crash of the ${database} database loses commits`, { code: risk })
    if (required && risks.length > 0)
      throw new Error(`REQUIRE_SYNCHRONOUS: the ${database} database is set otherwise (${risks.join(', ')}).`)
    readings.push({ labels: { database }, value: risks.length === 0 ? 1 : 0 })
  }
  registry.gauge(
    'database_synchronous',
    'Whether each commit is on the disks of two machines, as the database was set at the start.',
    () => readings,
  )
}
