import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseView } from '@entangle/testkit/harness'
import type pg from 'pg'

const NAME = 'bench_peer'

/** The tables of the server without what it adds: no partitions, no members, no counters. */
const TABLES = `
  CREATE TABLE conversation (id bytea PRIMARY KEY, last_seq bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
  CREATE TABLE message (
    conversation_id bytea NOT NULL, seq bigint NOT NULL, epoch bigint NOT NULL, server_time bigint NOT NULL,
    kind smallint NOT NULL, message_id bytea NOT NULL, sender_device bytea NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (conversation_id, seq), UNIQUE (conversation_id, sender_device, message_id));
  ALTER TABLE message ALTER COLUMN body SET STORAGE EXTERNAL;`

/** An empty database in the PostgreSQL that the measured server runs on. */
export async function createEmptyDatabase(view: DatabaseView, dataDir: string, database: string) {
  await view.query('postgres', `CREATE DATABASE ${database}`)
  const place: { host: string; port: number } = JSON.parse(
    await readFile(join(dataDir, 'postgres.json'), 'utf8'),
  )
  const password = await readFile(join(dataDir, 'secrets', 'postgres-admin'), 'utf8')
  return { ...place, user: 'entangle_admin', password, database }
}

/** A database for our own peers, with these conversations. */
export async function createPeerDatabase(
  view: DatabaseView,
  dataDir: string,
  conversationIds: readonly string[],
): Promise<pg.ClientConfig> {
  const database = await createEmptyDatabase(view, dataDir, NAME)
  await view.query(NAME, TABLES)
  const ids = conversationIds.map(id => `('\\x${id}'::bytea)`).join(', ')
  await view.query(NAME, `INSERT INTO conversation (id) VALUES ${ids}`)
  return database
}
