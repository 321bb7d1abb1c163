import type { AddressInfo } from 'node:net'
import type { ServerConfig } from './config.ts'
import { type Context, createContext, type Overrides } from './context.ts'

export {
  ConfigError,
  describeSettings,
  parseConfig,
  SERVICES,
  SETTINGS,
  type ServerConfig,
  type ServiceName,
} from './config.ts'
export type { Overrides } from './context.ts'

export type Server = {
  /** Resolves once the port answers. Rejects with code EADDRINUSE when it is taken. */
  start(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>
  /** Finishes what is under way, then closes everything. */
  close(): Promise<void>
  /** For tests that look behind the API. */
  readonly contextForTesting: Context
}

/** A server with its databases running and its port not yet open. */
export async function createServer(config: ServerConfig, overrides: Overrides = {}): Promise<Server> {
  const context = await createContext(config, overrides)
  let closing: Promise<void> | undefined
  return {
    contextForTesting: context,
    async start() {
      await context.app.listen({ host: config.host, port: config.port })
      await context.internal?.listen()
      await context.metrics.listen()
      const { port } = context.app.server.address() as AddressInfo
      const url = config.publicUrl?.origin ?? `http://localhost:${port}`
      return { host: config.host, port, url }
    },
    close() {
      closing ??= (async () => {
        await context.drain()
        await context.close()
      })()
      return closing
    },
  }
}
