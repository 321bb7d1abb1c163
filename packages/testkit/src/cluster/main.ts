import { randomBytes } from 'node:crypto'
import { startEmbeddedPostgres } from '@entangle/server/embedded-postgres'
import { createTempDir } from '../harness/temp-dir.ts'
import { missingForCluster, startCluster } from './cluster.ts'

// `npm run cluster`: the whole picture on one machine, until it is told to stop.

const PORT = Number(process.env['PORT'] ?? 8420)
const SIZE = { auth: 2, keys: 2, chat: 3, kafka: 3 } as const

const say = (line: string) => process.stdout.write(`${line}\n`)

async function startDatabases(dataDir: string) {
  const adminPassword = randomBytes(24).toString('base64url')
  const postgres = await startEmbeddedPostgres({ dataDir, adminPassword, onEvent: () => undefined })
  const urlOf = async (name: string): Promise<string> => {
    const password = randomBytes(24).toString('base64url')
    await postgres.asAdministrator('postgres', async client => {
      const [identifier, literal] = [client.escapeIdentifier(name), client.escapeLiteral(password)]
      await client.query(`CREATE ROLE ${identifier} LOGIN PASSWORD ${literal}`)
      await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`)
    })
    const { host = '', port = 0 } = postgres.address(name, password, name)
    const url = new URL(`postgresql://localhost/${name}`)
    url.search = new URLSearchParams({ host, port: String(port), user: name, password }).toString()
    return url.href
  }
  return {
    postgres,
    databases: {
      USER_DATABASE_URL: await urlOf('entangle_users'),
      CHAT_DATABASE_URL: await urlOf('entangle_chat'),
    },
  }
}

const missing = missingForCluster()
if (missing.length > 0) {
  process.stderr.write(`Missing: ${missing.join(', ')}.\n`)
  process.exit(1)
}

const folder = await createTempDir('cluster-database')
const { postgres, databases } = await startDatabases(folder.path)
say('PostgreSQL, a database for users and one for chat')
const cluster = await startCluster({ size: SIZE, databases, port: PORT, say })
say('No Kong here: the limits, checks and sizes that it would add are those of the services themselves.')
say(`Entangle is ready at ${cluster.url}`)

const leave = async () => {
  await cluster.dispose()
  await postgres.stop()
  await folder.remove()
  process.exit(0)
}
process.once('SIGINT', leave)
process.once('SIGTERM', leave)
