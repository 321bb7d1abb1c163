// What one would write first: our frames over `ws`, a send for each client, and for each message a transaction, one
// statement, or nothing durable at all. No authentication, no membership, no limits: it does less than we do.
import process from 'node:process'
import {
  type ConversationId,
  type DeliverFrame,
  type DeviceId,
  encodeAck,
  encodeDeliver,
  parseSend,
  type SendFrame,
} from '@entangle/protocol'
import pg from 'pg'
import { type WebSocket, WebSocketServer } from 'ws'

export const STORES = ['none', 'transaction', 'statement'] as const
export type PeerStore = (typeof STORES)[number]
export type PeerOptions = {
  readonly store: PeerStore
  readonly database?: pg.ClientConfig
  /** Each event is framed once and the same bytes are written to every socket: as little as a delivery can take here. */
  readonly framesOnce?: boolean
}

const RAISE = 'UPDATE conversation SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq'
const INSERT = `INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
  VALUES ($1, $2, $3, $4, 0, $5, $6, $7)`
const BOTH = `WITH c AS (${RAISE})
  INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
  SELECT $1, c.last_seq, $2, $3, 0, $4, $5, $6 FROM c RETURNING seq AS last_seq`

const idBytes = (id: string): Buffer => Buffer.from(id, 'hex')

type Append = (send: SendFrame, sender: DeviceId, now: number) => Promise<number>

function appendTransaction(pool: pg.Pool): Append {
  return async (send, sender, now) => {
    const client = await pool.connect()
    try {
      const id = idBytes(send.conversationId)
      await client.query('BEGIN')
      const { rows } = await client.query({ name: 'raise', text: RAISE, values: [id] })
      const seq = Number(rows[0].last_seq)
      const values = [
        id,
        seq,
        send.epoch,
        now,
        idBytes(send.messageId),
        idBytes(sender),
        Buffer.from(send.body),
      ]
      await client.query({ name: 'insert', text: INSERT, values })
      await client.query('COMMIT')
      return seq
    } finally {
      client.release()
    }
  }
}

function appendStatement(pool: pg.Pool): Append {
  return async (send, sender, now) => {
    const id = idBytes(send.conversationId)
    const values = [id, send.epoch, now, idBytes(send.messageId), idBytes(sender), Buffer.from(send.body)]
    const { rows } = await pool.query({ name: 'both', text: BOTH, values })
    return Number(rows[0].last_seq)
  }
}

function appendNowhere(): Append {
  const last = new Map<ConversationId, number>()
  return async ({ conversationId }) => {
    const seq = (last.get(conversationId) ?? 0) + 1
    last.set(conversationId, seq)
    return seq
  }
}

function openStore({ store, database }: PeerOptions): Append {
  if (store === 'none') return appendNowhere()
  const pool = new pg.Pool({ ...database, max: 10 })
  pool.on('error', () => undefined)
  return store === 'transaction' ? appendTransaction(pool) : appendStatement(pool)
}

/** A whole binary message (RFC 6455, section 5.2) of 126 to 65,535 bytes, as all of the load are. */
const frameOf = (payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x82, 126, payload.length >>> 8, payload.length & 255]), payload])

/** What sends a frame to one receiver. */
type Receiver = (frame: Uint8Array) => unknown

function serve(append: Append, framesOnce: boolean): WebSocketServer {
  const rooms = new Map<string, Set<Receiver>>()
  const finish = (event: DeliverFrame): Uint8Array =>
    framesOnce ? frameOf(encodeDeliver(event)) : encodeDeliver(event)
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })

  async function take(socket: WebSocket, sender: DeviceId, send: SendFrame): Promise<void> {
    const { conversationId, messageId, epoch, body } = send
    const serverTime = Date.now()
    const seq = await append(send, sender, serverTime)
    socket.send(encodeAck({ conversationId, messageId, status: 0, seq, serverTime }))
    const event: DeliverFrame = {
      kind: 'application',
      conversationId,
      messageId,
      epoch,
      seq,
      serverTime,
      senderDevice: sender,
      body,
    }
    const frame = finish(event)
    for (const receive of rooms.get(conversationId) ?? []) receive(frame)
  }

  server.on('connection', (socket, request) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const room = query.get('conversation') ?? ''
    const device = (query.get('device') ?? '') as DeviceId
    const members = rooms.get(room) ?? new Set()
    const receive: Receiver = framesOnce ? frame => request.socket.write(frame) : frame => socket.send(frame)
    rooms.set(room, members.add(receive))
    socket.on('close', () => members.delete(receive))
    socket.on('message', (data: Buffer) => {
      const send = parseSend(data)
      if (send !== undefined) void take(socket, device, send)
    })
  })
  return server
}

process.once('message', (options: PeerOptions) => {
  const server = serve(openStore(options), options.framesOnce === true)
  server.once('listening', () => process.send?.(server.address()))
})
process.on('disconnect', () => process.exit(0))
