import type { TestProject } from 'vitest/node'
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
