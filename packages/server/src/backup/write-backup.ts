import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import pg from 'pg'
import type { ServerConfig } from '../config.ts'
import { findRunning } from '../database/databases.ts'
import { newestMigration } from '../database/migrate.ts'
import { syncFolder } from '../sync-folder.ts'
import { copyOut } from './copy-streams.ts'
import { MANIFEST_FILE, type Manifest, type Part, SECRETS_FILE, SERVICES, type Service } from './manifest.ts'
import { readSecrets, type Secrets, sealSecrets } from './sealed-secrets.ts'
import { copyOutText, listTables } from './tables.ts'

const LOCK_TIMEOUT_MS = 5000

export type Written = { readonly mark: number; readonly rows: number }

type Snapshot = { readonly client: pg.Client; readonly walPosition: string }
type Snapshots = Readonly<Record<Service, Snapshot>> & { readonly secrets: Secrets }

async function connect(address: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...address, application_name: 'entangle-backup' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** The first statement that reads is the moment of the snapshot. */
async function openSnapshot(client: pg.Client): Promise<Snapshot> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const { rows } = await client.query<{ position: string }>(
    'SELECT pg_current_wal_insert_lsn()::text AS position',
  )
  return { client, walPosition: rows[0]?.position ?? '' }
}

/** What does not move while snapshots are taken. A server of an older version has not all of it. */
const HELD_STILL = ['account', 'reset_code', 'wrapping_key']
const PRESENT = 'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL'

/**
 * Chat first: an account that it speaks of is then among the users. Deletions and resets reach it from there in
 * two steps; while both snapshots are taken none of them moves, so that none is half in. Nor does a wrapping key come
 * or go: the secrets are those that this very state needs.
 */
async function takeSnapshots(
  clients: Readonly<Record<Service | 'guard', pg.Client>>,
  dataDir: string,
): Promise<Snapshots> {
  const { guard } = clients
  await guard.query('BEGIN')
  await guard.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
  const { rows } = await guard.query<{ name: string }>(PRESENT, [HELD_STILL])
  await guard.query(`LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN SHARE MODE`)
  const chat = await openSnapshot(clients.chat)
  const users = await openSnapshot(clients.users)
  const secrets = await readSecrets(dataDir)
  await guard.query('COMMIT')
  return { chat, users, secrets }
}

async function writePart(
  client: pg.Client,
  path: string,
  text: string,
): Promise<Pick<Part, 'rows' | 'sha256'>> {
  const hash = createHash('sha256')
  const source = copyOut(client, text)
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(
    source,
    createZstdCompress(),
    hashing,
    createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }),
  )
  return { rows: source.rows, sha256: hash.digest('hex') }
}

async function writeTables(client: pg.Client, folder: string, service: Service): Promise<Part[]> {
  const parts: Part[] = []
  for (const table of await listTables(client)) {
    const file = `${service}.${table.name}.copy.zst`
    const written = await writePart(client, join(folder, file), copyOutText(table))
    parts.push({ ...table, columns: [...table.columns], file, ...written })
  }
  return parts
}

async function writeAll(
  folder: string,
  config: ServerConfig,
  passphrase: string,
  clients: Readonly<Record<Service | 'guard', pg.Client>>,
): Promise<Written> {
  // Before the snapshots: what is committed, and so acknowledged, by now is in both.
  const mark = Date.now()
  const snapshots = await takeSnapshots(clients, config.dataDir)
  const describe = async (service: Service) => {
    const { client, walPosition } = snapshots[service]
    const migration = await newestMigration(client)
    return { migration, walPosition, tables: await writeTables(client, folder, service) }
  }
  const salt = randomBytes(16).toString('base64url')
  const databases = { chat: await describe('chat'), users: await describe('users') }
  const manifest: Manifest = { format: 1, mark, salt, databases }
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)
  const sealed = await sealSecrets(snapshots.secrets, bytes, { passphrase, salt })
  const asOurs = { mode: 0o600, flag: 'wx', flush: true } as const
  await writeFile(join(folder, SECRETS_FILE), sealed, asOurs)
  await writeFile(join(folder, MANIFEST_FILE), bytes, asOurs)
  const tables = SERVICES.flatMap(service => databases[service].tables)
  return { mark, rows: tables.reduce((sum, { rows }) => sum + rows, 0) }
}

/** Copies a running server into a folder that is there whole or not at all. */
export async function writeBackup(
  config: ServerConfig,
  target: string,
  passphrase: string,
): Promise<Written> {
  const folder = resolve(target)
  if (await stat(folder).catch(() => undefined)) throw new Error(`${folder} is there already.`)
  const draft = `${folder}.unfinished`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  const clients: pg.Client[] = []
  const reach = async (service: Service) => {
    const client = await connect(await findRunning(config, service))
    clients.push(client)
    return client
  }
  try {
    const written = await writeAll(draft, config, passphrase, {
      guard: await reach('users'),
      chat: await reach('chat'),
      users: await reach('users'),
    })
    await syncFolder(draft)
    await rename(draft, folder)
    await syncFolder(dirname(folder))
    return written
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  } finally {
    await Promise.allSettled(clients.map(client => client.end()))
  }
}
