import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import type pg from 'pg'
import type { ServerConfig } from '../config.ts'
import { openEmptyDatabases, restoreMark } from '../database/databases.ts'
import { knowsMigration, migrate, migrateTo } from '../database/migrate.ts'
import { transaction } from '../database/pools.ts'
import { copyIn } from './copy-streams.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  manifestSchema,
  type Part,
  SECRETS_FILE,
  SERVICES,
  type Service,
} from './manifest.ts'
import { openSecrets, writeSecrets } from './sealed-secrets.ts'
import { advanceIdentities, copyInText, listTables } from './tables.ts'

/**
 * Sessions, devices and one-time keys may have ended since the backup was made: none of them is brought back to
 * life. Everybody signs in again, and devices publish fresh key packages.
 */
const FENCES = `
  UPDATE session SET ended_at = now() WHERE ended_at IS NULL;
  DELETE FROM refresh_token;
  DELETE FROM key_package;
  DELETE FROM reset_code WHERE used_at IS NULL`

/** Those of an older version have no such column: after they were brought forward. */
const FORGET_PLACES = 'UPDATE session SET seen = NULL WHERE ended_at IS NOT NULL AND seen IS NOT NULL'

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Reads and checks everything before anything is written. */
async function readBackup(folder: string, passphrase: string) {
  const read = (name: string) =>
    readFile(join(folder, name)).catch(cause => {
      throw new Error(`${folder} is not a whole backup: ${name} cannot be read.`, { cause })
    })
  const bytes = await read(MANIFEST_FILE)
  const manifest: Manifest = manifestSchema.parse(JSON.parse(bytes.toString()))
  for (const service of SERVICES) {
    const { migration, tables } = manifest.databases[service]
    if (!(await knowsMigration(service, migration))) {
      throw new Error(`The backup was made by a newer version (${service} ${migration}).`)
    }
    for (const { file, sha256 } of tables) {
      const found = await hashOf(join(folder, file)).catch(() => undefined)
      if (found !== sha256) throw new Error(`${file} is not as it was written: the backup is damaged.`)
    }
  }
  const sealed = await read(SECRETS_FILE)
  const secrets = await openSecrets(sealed, bytes, { passphrase, salt: manifest.salt }).catch(cause => {
    throw new Error('The passphrase is another one, or the backup was changed.', { cause })
  })
  return { manifest, secrets }
}

async function restoreTable(client: pg.ClientBase, folder: string, part: Part): Promise<void> {
  const source = createReadStream(join(folder, part.file))
  const plain = createZstdDecompress()
  source.on('error', error => plain.destroy(error))
  const rows = await copyIn(client, copyInText(part), source.pipe(plain))
  if (rows !== part.rows) throw new Error(`${part.file} has ${rows} rows instead of ${part.rows}.`)
}

async function restoreDatabase(
  pool: pg.Pool,
  folder: string,
  service: Service,
  { migration, tables }: Manifest['databases'][Service],
): Promise<void> {
  await migrateTo(pool, service, migration)
  await transaction(pool, async client => {
    for (const part of tables) await restoreTable(client, folder, part)
    await advanceIdentities(client)
    if (service === 'users') await client.query(FENCES)
  })
  await migrate(pool, service)
  if (service === 'users') await pool.query(FORGET_PLACES)
  await pool.query('ANALYZE')
}

async function assertEmpty(pool: pg.Pool, service: Service): Promise<void> {
  const client = await pool.connect()
  try {
    if ((await listTables(client)).length > 0) throw new Error(`The ${service} database is not empty.`)
  } finally {
    client.release()
  }
}

async function restoreInto(config: ServerConfig, folder: string, manifest: Manifest): Promise<void> {
  const { pools, close } = await openEmptyDatabases(config)
  try {
    for (const service of SERVICES) await assertEmpty(pools[service], service)
    for (const service of SERVICES) {
      await restoreDatabase(pools[service], folder, service, manifest.databases[service])
    }
  } finally {
    await close()
  }
}

/** Makes a server out of a backup, in an empty data folder and empty databases. Answers with the backup's mark. */
export async function restoreBackup(
  config: ServerConfig,
  source: string,
  passphrase: string,
): Promise<{ readonly mark: number }> {
  const { dataDir } = config
  const folder = resolve(source)
  const { manifest, secrets } = await readBackup(folder, passphrase)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  if ((await readdir(dataDir)).length > 0) throw new Error(`${dataDir} is not empty.`)
  try {
    await restoreMark(dataDir).set()
    await writeSecrets(dataDir, secrets)
    await restoreInto(config, folder, manifest)
    await restoreMark(dataDir).clear()
  } catch (error) {
    // It was empty before: whatever is in it now is the half of a server.
    for (const name of await readdir(dataDir)) await rm(join(dataDir, name), { recursive: true, force: true })
    throw error
  }
  return { mark: manifest.mark }
}
