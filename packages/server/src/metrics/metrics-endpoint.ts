import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from './registry.ts'

/** A port of its own: what people reach through the proxy never has these figures. */
export type MetricsEndpoint = {
  listen(): Promise<void>
  /** Undefined while it does not listen. */
  readonly port: number | undefined
  close(): Promise<void>
}

export type ListenAddress = { readonly host: string; readonly port: number }

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createMetricsEndpoint(
  registry: Registry,
  address: ListenAddress | undefined,
): MetricsEndpoint {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    response
      .writeHead(200, { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' })
      .end(registry.expose())
  })
  return {
    get port() {
      return server.listening ? (server.address() as AddressInfo).port : undefined
    },
    async listen() {
      if (address === undefined) return
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(address.port, address.host, resolve)
      })
    },
    async close() {
      if (!server.listening) return
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
