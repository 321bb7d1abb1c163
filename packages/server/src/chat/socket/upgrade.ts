import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  CLOSE,
  type ErrorCode,
  LIMITS,
  ProtocolError,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import { WebSocketServer } from 'ws'
import { errorBody, toProtocolError } from '../../http/errors.ts'
import type { Origins } from '../../http/origins.ts'
import type { Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DeviceSession, SessionVerifier } from '../../ports/session-verifier.ts'
import type { Tickets } from '../tickets.ts'
import { Connection, createTurnEnd, type Surroundings } from './connection.ts'
import { createFrameBuckets, unlimitedFrames } from './frame-buckets.ts'
import type { FrameHandler } from './frame-handler.ts'
import type { Hub } from './hub.ts'
import { createFrameJoiner } from './websocket-frames.ts'

type Dependencies = {
  readonly server: Server
  readonly hub: Hub
  readonly frames: FrameHandler
  readonly tickets: Tickets
  readonly sessions: SessionVerifier
  readonly origins: Origins
  readonly clock: Clock
  readonly log: Log
  readonly limited: boolean
  readonly isDraining: () => boolean
  readonly onClosed: (code: number) => void
}

const TICKET_PREFIX = 'ticket.'

/** Here and not where it is used: there it would hold the request, with all its headers, for as long as the socket lives. */
const ignore = (): void => undefined

function refuseUpgrade(stream: Duplex, refused: ProtocolError): void {
  const body = JSON.stringify(errorBody(refused))
  stream.end(
    [
      `HTTP/1.1 ${refused.status} Refused`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      '',
      body,
    ].join('\r\n'),
  )
}

function readTicket(request: IncomingMessage): string | undefined {
  const names = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
  if (!names.includes(SOCKET_PROTOCOL)) return undefined
  const ticket = names.find(name => name.startsWith(TICKET_PREFIX))
  return ticket !== undefined && ticket.length <= 128 ? ticket.slice(TICKET_PREFIX.length) : undefined
}

/** From the HTTP upgrade to a connection in the hub. */
export function acceptSockets(dependencies: Dependencies): void {
  const { server, hub, frames, tickets, sessions, origins, clock, log } = dependencies
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytes,
    clientTracking: false,
    skipUTF8Validation: true,
    handleProtocols: () => SOCKET_PROTOCOL,
  })

  const surroundings: Surroundings = {
    join: createFrameJoiner(),
    flushSoon: createTurnEnd(),
    clock,
    onHeadsNeeded: behind => frames.sendHeads(behind),
  }

  async function admit(request: IncomingMessage): Promise<DeviceSession> {
    const refuse = (code: ErrorCode): never => {
      throw new ProtocolError(code)
    }
    if (dependencies.isDraining()) return refuse('SERVER_UNAVAILABLE')
    if ((request.url ?? '').split('?', 1)[0] !== SOCKET_PATH) return refuse('ROUTE_NOT_FOUND')
    if (!origins.allows(request.headers.origin)) return refuse('ORIGIN_REFUSED')
    const ticket = readTicket(request)
    const session = ticket === undefined ? undefined : await tickets.redeem(ticket)
    if (session === undefined) return refuse('CHAT_TICKET_INVALID')
    if (!(await sessions.isActive(session.sessionId))) return refuse('AUTH_TOKEN_INVALID')
    return session
  }

  function open(request: IncomingMessage, stream: Duplex, head: Buffer, session: DeviceSession): void {
    sockets.handleUpgrade(request, stream, head, socket => {
      const buckets = dependencies.limited ? createFrameBuckets() : unlimitedFrames
      const connection = new Connection({ socket, stream, session, buckets }, surroundings)
      hub.add(connection)
      socket.on('message', (data, isBinary) => {
        if (connection.state === 'closed') return
        if (!isBinary || !Buffer.isBuffer(data)) return connection.close(CLOSE.malformed)
        frames.handle(connection, data)
      })
      socket.on('pong', () => {
        connection.awaitsPong = false
      })
      socket.on('close', code => {
        dependencies.onClosed(code)
        connection.close(1000)
        hub.remove(connection)
      })
      // A frame that breaks RFC 6455 or is too big: the library closes with the fitting code itself.
      socket.on('error', ignore)
      // Ended while it was being opened: nobody else would notice.
      void sessions
        .isActive(session.sessionId)
        .then(active => (active ? undefined : connection.close(CLOSE.unauthorized)))
        .catch(ignore)
    })
  }

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', ignore)
    admit(request).then(
      session => {
        if (!stream.destroyed) open(request, stream, head, session)
      },
      error => refuseUpgrade(stream, toProtocolError(error, log, 'upgrade')),
    )
  })
}
