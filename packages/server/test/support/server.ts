import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSpareDatabases, type SpareDatabases } from '@entangle/testkit/harness'
import type {} from '@entangle/testkit/shared-server'
import { afterAll, beforeAll, inject } from 'vitest'
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

type Started = Awaited<ReturnType<typeof startTestServer>>

function keepServer(start: () => Promise<Started>, end: () => Promise<void>): () => TestServer {
  let started: Started | undefined
  beforeAll(async () => {
    started = await start()
  }, 60_000)
  afterAll(async () => {
    await started?.stop()
    await end()
  }, 60_000)
  return () => {
    if (started === undefined) throw new Error('the server has not started')
    return started
  }
}

/** One real server, with databases of its own, for the tests of a file. */
export function useServer(
  environment: Record<string, string> = {},
  overrides: Overrides = {},
): () => TestServer {
  let databases: SpareDatabases | undefined
  const start = async () => {
    databases = await createSpareDatabases(inject('server').dataDir)
    return startTestServer({ ...databases.env, ...environment }, overrides)
  }
  return keepServer(start, async () => databases?.drop())
}

/** The same with its own PostgreSQL, for tests that look into its folder. */
export const useWholeServer = (environment: Record<string, string> = {}): (() => TestServer) =>
  keepServer(
    () => startTestServer(environment),
    async () => undefined,
  )
