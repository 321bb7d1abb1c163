import { SOCKET_PATH, SOCKET_PROTOCOL } from '@entangle/protocol'
import { NetworkError, type Transport } from '../../ports/transport.ts'

const CBOR = 'application/cbor'

/** `fetch` and `WebSocket` towards the origin the page came from; the browser keeps the cookie. */
export function createBrowserTransport(origin: string): Transport {
  const socketUrl = new URL(SOCKET_PATH, origin)
  socketUrl.protocol = socketUrl.protocol === 'https:' ? 'wss:' : 'ws:'

  return {
    origin,
    async exchange({ method, target, body, accessToken, timeoutMs }) {
      const headers: Record<string, string> = { accept: CBOR }
      if (body !== undefined) headers['content-type'] = CBOR
      if (accessToken !== undefined) headers['authorization'] = `Bearer ${accessToken}`
      try {
        const answer = await fetch(new URL(target, origin), {
          method,
          headers,
          credentials: 'same-origin',
          cache: 'no-store',
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
          ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
        })
        return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) }
      } catch (cause) {
        throw new NetworkError('no answer from the server', { cause })
      }
    },

    openSocket(ticket, events) {
      const socket = new WebSocket(socketUrl, [SOCKET_PROTOCOL, `ticket.${ticket}`])
      socket.binaryType = 'arraybuffer'
      socket.addEventListener('open', events.opened)
      socket.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (event.data instanceof ArrayBuffer) events.received(new Uint8Array(event.data))
      })
      socket.addEventListener('close', event => events.closed(event.code), { once: true })
      return {
        send: frame => {
          if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.from(frame))
        },
        close: () => socket.close(1000),
      }
    },
  }
}
