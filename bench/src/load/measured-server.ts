import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createTempDir,
  type DatabaseView,
  openDatabaseView,
  type ServerProcess,
  startServer,
} from '@entangle/testkit/harness'
import type { Probes } from './load.ts'
import { processorSeconds, treeProcessorSeconds } from './processor-time.ts'

/** The whole server as it is shipped, in a process of its own with its own PostgreSQL. */
export type MeasuredServer = {
  readonly server: ServerProcess
  readonly view: DatabaseView
  /** Processor seconds of the server itself, and of its PostgreSQL. */
  readonly serverSeconds: () => Promise<number>
  readonly databaseSeconds: () => Promise<number>
  dispose(): Promise<void>
}

/** Too long a path for a socket: PostgreSQL then listens on loopback, for peers that know nothing else. */
const LONG_NAME = 'd'.repeat(100)

export type MeasuredOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly databaseOverTcp?: boolean
}

export async function startMeasuredServer({
  env = {},
  databaseOverTcp = false,
}: MeasuredOptions): Promise<MeasuredServer> {
  const folder = databaseOverTcp ? await createTempDir('data') : undefined
  const place = folder === undefined ? {} : { dataDir: join(folder.path, LONG_NAME) }
  // The load comes from one machine and stands for many: each device says an address of its own.
  const server = await startServer({ ...place, env: { TRUST_PROXY: '127.0.0.1', LOG_LEVEL: 'warn', ...env } })
  const view = await openDatabaseView(server.dataDir)
  const pidFile = await readFile(join(server.dataDir, 'postgres', 'postmaster.pid'), 'utf8')
  const postmaster = Number(pidFile.split('\n')[0])
  return {
    server,
    view,
    serverSeconds: () => processorSeconds(server.pid() ?? 0),
    databaseSeconds: () => treeProcessorSeconds(postmaster),
    async dispose() {
      await view.close()
      await server.dispose()
      await folder?.remove()
    },
  }
}

/** What a contender is judged by: its own process, and PostgreSQL while it was its turn. */
export const probesOf = (pid: () => number, { databaseSeconds }: MeasuredServer): Probes => ({
  server: () => processorSeconds(pid()),
  database: databaseSeconds,
})
