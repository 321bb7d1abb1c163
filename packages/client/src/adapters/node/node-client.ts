import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Crypto, loadCrypto } from '@entangle/crypto'
import type { Timing } from '../../account/timing.ts'
import type { EngineConnection } from '../../api/engine-api.ts'
import { startEngine } from '../../engine.ts'
import type { Diagnostics } from '../../ports/diagnostics.ts'
import type { PasswordProtocol } from '../../ports/password-protocol.ts'
import { connectionOf } from '../../rpc/subscriber.ts'
import { createOpaquePasswordProtocol } from '../opaque/opaque-password-protocol.ts'
import { createCookieJar } from './cookie-jar.ts'
import { createFileKeyVault } from './file-key-vault.ts'
import { createNodeTransport } from './node-transport.ts'
import { openSqliteKeyValueStore } from './sqlite-key-value-store.ts'
import { systemClock } from './system-clock.ts'

export type NodeClientOptions = {
  readonly serverUrl: string
  /** Made if it is missing; holds the store, its key and the session's cookie. */
  readonly dataDir: string
  readonly timing?: Partial<Timing>
  readonly diagnostics?: Diagnostics
  /** OPAQUE with its full key stretching where nothing else is said. */
  readonly passwords?: PasswordProtocol
}

export type NodeClient = Omit<EngineConnection, 'close'> & {
  /** One more subscriber, with windows of its own. */
  readonly connect: () => EngineConnection
  readonly close: () => Promise<void>
}

export async function loadNodeCrypto(): Promise<Crypto> {
  return loadCrypto(await readFile(fileURLToPath(import.meta.resolve('@entangle/crypto/entangle.wasm'))))
}

const createId = () => randomBytes(16).toString('hex')

/** The chat engine in Node: for bots, tests and benchmarks. One process a data folder; a later one takes over. */
export async function createNodeClient(options: NodeClientOptions): Promise<NodeClient> {
  const { serverUrl, dataDir, timing, diagnostics } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const engine = await startEngine({
    crypto: await loadNodeCrypto(),
    store: openSqliteKeyValueStore(join(dataDir, 'store.sqlite')),
    keyVault: createFileKeyVault(join(dataDir, 'store.key')),
    clock: systemClock,
    transport: createNodeTransport(serverUrl, createCookieJar(join(dataDir, 'cookies'))),
    passwords: options.passwords ?? createOpaquePasswordProtocol(),
    ...(timing === undefined ? {} : { timing }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
  })
  const connect = () => connectionOf(engine.subscribe(), createId)
  const { request, on } = connect()
  return { request, on, connect, close: engine.stop }
}
