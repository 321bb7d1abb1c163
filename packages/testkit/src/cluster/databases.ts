import { randomBytes } from 'node:crypto'
import { startEmbeddedPostgres } from '@entangle/server/embedded-postgres'
import { createTempDir } from '../harness/temp-dir.ts'

export type ClusterDatabases = {
  readonly env: { readonly USER_DATABASE_URL: string; readonly CHAT_DATABASE_URL: string }
  dispose(): Promise<void>
}

const newPassword = () => randomBytes(24).toString('base64url')

/** A PostgreSQL of its own with a database for users and one for chat, as an operator would set them up. */
export async function startDatabases(): Promise<ClusterDatabases> {
  const folder = await createTempDir('cluster-database')
  const postgres = await startEmbeddedPostgres({
    dataDir: folder.path,
    adminPassword: newPassword(),
    onEvent: () => undefined,
  })
  const create = async (name: string): Promise<string> => {
    const password = newPassword()
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
    env: {
      USER_DATABASE_URL: await create('entangle_users'),
      CHAT_DATABASE_URL: await create('entangle_chat'),
    },
    async dispose() {
      await postgres.stop()
      await folder.remove()
    },
  }
}
