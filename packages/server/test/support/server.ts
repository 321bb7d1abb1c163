import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { createServer, type Overrides, parseConfig, type Server } from '../../src/index.ts'

export type TestServer = {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly server: Server
}

export async function startTestServer(
  environment: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<TestServer & { stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'entangle-'))
  const config = parseConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...environment })
  const server = await createServer(config, overrides)
  const { url, port } = await server.start()
  return {
    url,
    port,
    dataDir,
    server,
    async stop() {
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** One real server, with its own PostgreSQL, for the tests of a file. */
export function useServer(
  environment: Record<string, string> = {},
  overrides: Overrides = {},
): () => TestServer {
  let started: Awaited<ReturnType<typeof startTestServer>> | undefined
  beforeAll(async () => {
    started = await startTestServer(environment, overrides)
  }, 60_000)
  afterAll(async () => {
    await started?.stop()
  }, 60_000)
  return () => {
    if (started === undefined) throw new Error('the server has not started')
    return started
  }
}
