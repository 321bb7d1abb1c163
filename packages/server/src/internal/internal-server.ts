import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { decodeCbor, encodeCbor, ProtocolError } from '@entangle/protocol'
import { toProtocolError } from '../http/errors.ts'
import type { Log } from '../logging.ts'
import type { Clock } from '../ports/clock.ts'
import { INTERNAL_CALLS, type InternalHandlers, type InternalName } from './calls.ts'
import { isSealed, SEAL_HEADER } from './seal.ts'

export type InternalServer = {
  listen(): Promise<void>
  close(): Promise<void>
}

type Parts = {
  readonly listen: { readonly host: string; readonly port: number }
  readonly secret: string
  readonly handlers: InternalHandlers
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

const BODY_BYTES = 4 * 1024 * 1024
const PREFIX = '/internal/'

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > BODY_BYTES) throw new ProtocolError('REQUEST_TOO_LARGE')
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const isName = (name: string): name is InternalName => Object.hasOwn(INTERNAL_CALLS, name)

function parseRequest(name: InternalName, body: Uint8Array): unknown {
  try {
    return INTERNAL_CALLS[name].request.parse(decodeCbor(body))
  } catch (cause) {
    throw new ProtocolError('REQUEST_MALFORMED', {}, { cause })
  }
}

/** For the other services alone: what comes without the seal of the shared secret is refused before it is understood. */
export function createInternalServer({ listen, secret, handlers, clock, log }: Parts): InternalServer {
  async function answer(request: IncomingMessage): Promise<unknown> {
    const name = (request.url ?? '').slice(PREFIX.length)
    const handler = isName(name) ? handlers[name] : undefined
    if (request.url?.startsWith(PREFIX) !== true || !isName(name) || handler === undefined)
      throw new ProtocolError('ROUTE_NOT_FOUND')
    const body = await readBody(request)
    const header = request.headers[SEAL_HEADER]
    if (!isSealed(secret, clock.now(), name, body, typeof header === 'string' ? header : undefined))
      throw new ProtocolError('AUTH_REQUIRED')
    return (handler as (request: unknown) => Promise<unknown>)(parseRequest(name, body))
  }

  function send(response: ServerResponse, status: number, value: unknown): void {
    response.writeHead(status, { 'content-type': 'application/cbor' }).end(encodeCbor(value))
  }

  const server = createServer((request, response) => {
    answer(request).then(
      value => send(response, 200, value),
      error => {
        const refused = toProtocolError(error, log, 'internal')
        send(response, refused.status, { code: refused.code })
      },
    )
  })

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(listen.port, listen.host, () => resolve())
      }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
