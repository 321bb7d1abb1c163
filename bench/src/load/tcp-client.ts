import { createConnection } from 'node:net'
import type { RawSocket } from './raw-socket.ts'

/** A connection without WebSocket; what comes in is given out as it is. */
export type TcpClient = RawSocket & {
  onData: (chunk: Buffer) => void
  /** Waits until the answer to what was said ends the way it is to. */
  ask(words: string, isAnswered: (text: string) => boolean): Promise<void>
}

const ANSWER_TIMEOUT_MS = 30_000

export function openTcpClient(port: number, onClose: (reason: string) => void): TcpClient {
  const stream = createConnection({ port, host: '127.0.0.1', noDelay: true })
  let reason = 'the connection ended'
  let isOpen = true
  stream.on('error', error => {
    reason = error.message
  })
  stream.once('close', () => {
    isOpen = false
    onClose(reason)
  })
  stream.on('data', (chunk: Buffer) => client.onData(chunk))
  const client: TcpClient = {
    onData: () => undefined,
    send: payload => {
      stream.write(payload)
    },
    ask: (words, isAnswered) =>
      new Promise((resolve, reject) => {
        let heard = ''
        const timer = setTimeout(
          () => reject(new Error(`no answer to ${words.slice(0, 40)}: ${reason}, ${heard.slice(-400)}`)),
          ANSWER_TIMEOUT_MS,
        )
        client.onData = chunk => {
          heard += chunk.toString('latin1')
          if (!isAnswered(heard)) return
          clearTimeout(timer)
          resolve()
        }
        stream.write(words)
      }),
    end: () => stream.destroy(),
    get isOpen() {
      return isOpen
    },
  }
  return client
}
