import { startEmbeddedPostgres } from '@entangle/server/embedded-postgres'
import { ADMINISTRATOR, type DatabaseView, openDatabaseViewAt } from '../harness/database-view.ts'
import { type Endings, openAll } from '../harness/endings.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { createDatabase, newPassword } from './create-database.ts'

export type ClusterDatabases = {
  readonly env: { readonly USER_DATABASE_URL: string; readonly CHAT_DATABASE_URL: string }
  /** As its administrator. */
  openView(): Promise<DatabaseView>
  dispose(): Promise<void>
}

/** A PostgreSQL of its own with a database for users and one for chat, as an operator would set them up. */
export const startDatabases = (): Promise<ClusterDatabases & { readonly dataDir: string }> =>
  openAll(openDatabases)

async function openDatabases(endings: Endings) {
  const folder = await createTempDir('cluster-database')
  endings.add(() => folder.remove())
  const adminPassword = newPassword()
  const postgres = await startEmbeddedPostgres({
    dataDir: folder.path,
    adminPassword,
    onEvent: () => undefined,
  })
  endings.add(() => postgres.stop())
  const { host = '', port = 0 } = postgres.address('', '', '')
  const create = (name: string) =>
    postgres.asAdministrator('postgres', client => createDatabase(client, name, { host, port }))
  return {
    env: {
      USER_DATABASE_URL: await create('entangle_users'),
      CHAT_DATABASE_URL: await create('entangle_chat'),
    },
    dataDir: folder.path,
    openView: () => openDatabaseViewAt({ host, port, user: ADMINISTRATOR, password: adminPassword }),
    dispose: endings.dispose,
  }
}
