import { LIMITS, SOCKET_PATH, SOCKET_PROTOCOL } from '@entangle/protocol'
import { WebSocket } from 'ws'
import { NetworkError, type Transport } from '../../ports/transport.ts'
import type { CookieJar } from './cookie-jar.ts'

const CBOR = 'application/cbor'

function asBytes(data: unknown): Uint8Array | undefined {
  if (Buffer.isBuffer(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return undefined
}

/** `fetch` and `ws` towards one server. */
export function createNodeTransport(serverUrl: string, cookies: CookieJar): Transport {
  const base = new URL(serverUrl)
  const socketUrl = new URL(SOCKET_PATH, base)
  socketUrl.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'

  return {
    origin: base.origin,
    async exchange({ method, target, body, accessToken, timeoutMs }) {
      const cookie = cookies.header()
      const headers: Record<string, string> = { accept: CBOR, origin: base.origin }
      if (body !== undefined) headers['content-type'] = CBOR
      if (accessToken !== undefined) headers['authorization'] = `Bearer ${accessToken}`
      if (cookie !== undefined) headers['cookie'] = cookie
      try {
        const answer = await fetch(new URL(target, base), {
          method,
          headers,
          signal: AbortSignal.timeout(timeoutMs),
          redirect: 'error',
          ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
        })
        await cookies.take(answer.headers.getSetCookie())
        return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) }
      } catch (cause) {
        throw new NetworkError('no answer from the server', { cause })
      }
    },

    openSocket(ticket, events) {
      const socket = new WebSocket(socketUrl, [SOCKET_PROTOCOL, `ticket.${ticket}`], {
        origin: base.origin,
        perMessageDeflate: false,
        maxPayload: LIMITS.frameBytes * 4,
      })
      socket.binaryType = 'nodebuffer'
      socket.on('open', events.opened)
      socket.on('message', data => {
        const bytes = asBytes(data)
        if (bytes !== undefined) events.received(bytes)
      })
      // An error is followed by 'close'.
      socket.on('error', () => undefined)
      socket.once('close', code => events.closed(code))
      return {
        send: frame => {
          if (socket.readyState === WebSocket.OPEN) socket.send(frame)
        },
        close: () => {
          if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
          else socket.close(1000)
        },
      }
    },
  }
}
