import pg from 'pg'

export type Table = { readonly name: string; readonly columns: readonly string[] }

const TABLES = `
  SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT LIKE 'kysely\\_%' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  GROUP BY c.relname ORDER BY c.relname`

const REFERENCES = `
  SELECT child.relname AS child, parent.relname AS parent
  FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid
  WHERE k.contype = 'f' AND k.conparentid = 0 AND child.relnamespace = current_schema()::regnamespace`

const IDENTITIES = `
  SELECT table_name AS name, column_name AS column FROM information_schema.columns
  WHERE table_schema = current_schema() AND is_identity = 'YES'`

/** All tables that hold something of ours, those that others refer to first. */
export async function listTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows: tables } = await client.query<Table>(TABLES)
  const { rows: references } = await client.query<{ child: string; parent: string }>(REFERENCES)
  const ordered: Table[] = []
  const visit = (table: Table) => {
    if (ordered.includes(table)) return
    for (const { child, parent } of references) {
      const other = tables.find(({ name }) => name === parent)
      if (child === table.name && other !== undefined && other !== table) visit(other)
    }
    ordered.push(table)
  }
  for (const table of tables) visit(table)
  return ordered
}

const quoted = ({ name, columns }: Table) => ({
  name: pg.escapeIdentifier(name),
  columns: columns.map(column => pg.escapeIdentifier(column)).join(', '),
})

export function copyOutText(table: Table): string {
  const { name, columns } = quoted(table)
  return `COPY (SELECT ${columns} FROM ${name}) TO STDOUT (FORMAT binary)`
}

export function copyInText(table: Table): string {
  const { name, columns } = quoted(table)
  return `COPY ${name} (${columns}) FROM STDIN (FORMAT binary)`
}

/** Numbers that the database gives out itself go on behind those that are there. */
export async function advanceIdentities(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; column: string }>(IDENTITIES)
  for (const { name, column } of rows) {
    const [table, key] = [pg.escapeIdentifier(name), pg.escapeIdentifier(column)]
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(${key}), 0) + 1 FROM ${table}), false)`,
      [table, column],
    )
  }
}
