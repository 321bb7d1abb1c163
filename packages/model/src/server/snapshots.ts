import type { ModelServer } from './model-server.ts'

type Pool = ModelServer['databases']['chatPool']

/** Keys and migrations stay as they are. */
const UNTOUCHED = new Set(['signing_key', 'kysely_migration', 'kysely_migration_lock'])

/** Tables with their rows, those that others refer to first; partitions are reached through their parent. */
async function tablesInOrder(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; needs: string[] }>(`
    SELECT c.relname AS name,
      coalesce(array_agg(f.confrelid::regclass::text) FILTER (WHERE f.confrelid IS NOT NULL), '{}') AS needs
    FROM pg_class c
    LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    GROUP BY c.relname ORDER BY c.relname`)
  const waiting = rows.filter(({ name }) => !UNTOUCHED.has(name))
  const ordered: string[] = []
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ needs }) =>
      needs.every(need => ordered.includes(need) || UNTOUCHED.has(need)),
    )
    const [next] = waiting.splice(Math.max(0, at), 1)
    if (next !== undefined) ordered.push(next.name)
  }
  return ordered
}

/** Keeps what is in a database under a name, and brings exactly that back: a function, so that plans are made once. */
async function keepRows(pool: Pool, name: string): Promise<void> {
  const tables = await tablesInOrder(pool)
  await pool.query(`CREATE SCHEMA scene_${name}`)
  for (const table of tables) await pool.query(`CREATE TABLE scene_${name}.${table} AS TABLE public.${table}`)
  const deletes = tables.toReversed().map(table => `DELETE FROM public.${table};`)
  const inserts = tables.map(
    table => `INSERT INTO public.${table} OVERRIDING SYSTEM VALUE SELECT * FROM scene_${name}.${table};`,
  )
  await pool.query(`
    CREATE FUNCTION scene_${name}.restore() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN ${[...deletes, ...inserts].join('\n')} END $$`)
}

/** Snapshots of both databases, so that every seed begins with the same accounts without signing anybody up. */
export function createSnapshots({
  databases: { usersPool, chatPool, ingestPool },
}: Pick<ModelServer, 'databases'>) {
  const both = [usersPool, chatPool]
  return {
    async prepare(): Promise<void> {
      for (const pool of [...both, ingestPool]) {
        // Nothing here has to survive a power cut, and waiting for the disk is most of a small write.
        const relax = 'SET synchronous_commit = off'
        pool.on('connect', client => void client.query(relax))
        const open = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()))
        for (const client of open) {
          await client.query(relax)
          client.release()
        }
      }
    },
    async keep(name: string): Promise<void> {
      for (const pool of both) await keepRows(pool, name)
    },
    async restore(name: string): Promise<void> {
      await Promise.all(both.map(pool => pool.query(`SELECT scene_${name}.restore()`)))
    },
  }
}
