import type { TestProject } from 'vitest/node'
import { type Cluster, type ClusterDatabases, startCluster, startDatabases } from './cluster/index.ts'
import { type ServerAddress, type ServerOptions, type ServerProcess, startServer } from './harness/index.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly server: ServerAddress
  }
}

/** One server, as a person would start it, for every file of a project that does not ask for another. */
export function shareServer(options: ServerOptions = {}) {
  let server: ServerProcess | undefined
  return {
    async setup({ provide }: TestProject): Promise<void> {
      server = await startServer(options)
      const { url, port, dataDir } = server
      provide('server', { url, port, dataDir })
    },
    teardown: async (): Promise<void> => server?.dispose(),
  }
}

/** The whole picture in its place, with a Kong in it or without: what a person sees must be the same. */
export function shareCluster(withKong = false) {
  let databases: ClusterDatabases | undefined
  let cluster: Cluster | undefined
  return {
    async setup({ provide }: TestProject): Promise<void> {
      databases = await startDatabases()
      cluster = await startCluster({
        size: { auth: 2, keys: 2, chat: 3, kafka: 3 },
        databases: databases.env,
        withKong,
      })
      provide('server', { url: cluster.url, port: Number(new URL(cluster.url).port), dataDir: '' })
    },
    async teardown(): Promise<void> {
      await cluster?.dispose()
      await databases?.dispose()
    },
  }
}
