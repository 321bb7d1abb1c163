import type { Opening } from './dialects.ts'
import type { RawSocket } from './raw-socket.ts'
import { openTcpClient } from './tcp-client.ts'

const END = Buffer.from('\r\n')
const MESSAGE = 'M'.charCodeAt(0)
const PING = 'PI'

export const publish = (room: string, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`PUB ${room} ${payload.length}\r\n`, 'latin1'), payload, END])

/** Gives out the payload of each whole message; answers with where the rest begins. */
function readMessages(bytes: Buffer, onFrame: Opening['onFrame'], onPing: () => void): number {
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf(END, at)
    if (lineEnd < 0) return at
    if (bytes[at] !== MESSAGE) {
      if (bytes.toString('latin1', at, at + 2) === PING) onPing()
      at = lineEnd + END.length
      continue
    }
    const size = Number(bytes.toString('latin1', bytes.lastIndexOf(' ', lineEnd) + 1, lineEnd))
    const start = lineEnd + END.length
    if (start + size + END.length > bytes.length) return at
    onFrame(bytes, start, start + size)
    at = start + size + END.length
  }
}

/** Hears of one room. https://docs.nats.io/reference/reference-protocols/nats-protocol */
export async function openNatsClient({ port, device, onFrame, onClose }: Opening): Promise<RawSocket> {
  const client = openTcpClient(port, onClose)
  const hello = 'CONNECT {"verbose":false,"pedantic":false}\r\n'
  await client.ask(`${hello}SUB ${device.conversationId} 1\r\nPING\r\n`, text => text.includes('PONG\r\n'))
  let rest: Buffer = Buffer.alloc(0)
  client.onData = chunk => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    rest = bytes.subarray(readMessages(bytes, onFrame, () => client.send(Buffer.from('PONG\r\n'))))
  }
  return client
}
