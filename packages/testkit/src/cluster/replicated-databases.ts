import { rm } from 'node:fs/promises'
import { type DatabaseView, openDatabaseViewAt } from '../harness/database-view.ts'
import { createRelay } from '../harness/relay.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { type PostgresNode, startPrimary, startStandby } from '../services/postgres-node.ts'
import { createDatabase, newPassword } from './create-database.ts'
import type { ClusterDatabases } from './databases.ts'

/** A primary and a standby that has whatever was committed; the services know one address that leads to the primary. */
export type ReplicatedDatabases = ClusterDatabases & {
  readonly port: number
  primary(): PostgresNode
  standby(): PostgresNode
  /** The primary dies; the standby takes its place and the address, and gets a standby in its turn. */
  failOver(): Promise<void>
  openView(): Promise<DatabaseView>
  /** With all that was ever written, log included. */
  readonly folder: string
}

export async function startReplicatedDatabases(): Promise<ReplicatedDatabases> {
  const parent = await createTempDir('cluster-databases')
  const password = newPassword()
  let count = 0
  const nextPlace = () => ({ parent: parent.path, name: `node-${String(++count)}`, password })
  const nodes: PostgresNode[] = []
  const keep = (node: PostgresNode) => {
    nodes.push(node)
    return node
  }
  const dispose = async () => {
    await Promise.all(nodes.map(node => node.kill9()))
    await parent.remove()
  }
  try {
    let primary = keep(await startPrimary(nextPlace()))
    const address = await createRelay(primary.port)
    const create = (name: string) => primary.asAdministrator(client => createDatabase(client, name, address))
    const env = {
      USER_DATABASE_URL: await create('entangle_users'),
      CHAT_DATABASE_URL: await create('entangle_chat'),
    }
    let standby = keep(await startStandby(primary, nextPlace()))
    return {
      env,
      port: address.port,
      folder: parent.path,
      primary: () => primary,
      standby: () => standby,
      async failOver() {
        const dead = primary
        await dead.kill9()
        address.cut()
        await standby.asAdministrator(client => client.query('SELECT pg_promote(true, 30)'))
        primary = standby
        address.lead(primary.port)
        address.heal()
        standby = keep(await startStandby(primary, nextPlace()))
        await rm(dead.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      },
      openView: () => openDatabaseViewAt(primary.administrator),
      async dispose() {
        await address.close()
        await dispose()
      },
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
