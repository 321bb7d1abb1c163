import { type ServerProcess, startServer } from '@entangle/testkit/harness'
import type { TestProject } from 'vitest/node'

export type ServerAddress = Pick<ServerProcess, 'url' | 'port'>

declare module 'vitest' {
  interface ProvidedContext {
    readonly server: ServerAddress
  }
}

let server: ServerProcess | undefined

/** One server, as a person would start it, for every file that does not ask for another. */
export async function setup({ provide }: TestProject): Promise<void> {
  server = await startServer()
  provide('server', { url: server.url, port: server.port })
}

export const teardown = async (): Promise<void> => server?.dispose()
