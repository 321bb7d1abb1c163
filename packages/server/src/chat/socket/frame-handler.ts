import {
  CLOSE,
  type ClientControl,
  ERRORS,
  type ErrorCode,
  encodeAck,
  encodeServerControl,
  FRAME,
  LIMITS,
  parseClientControl,
  parseSend,
  type SendFrame,
} from '@entangle/protocol'
import type { ChatDatabase } from '../../database/chat-schema.ts'
import { describeError, type Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  countWelcomes,
  readGreeting,
  readHeads,
  readMemberships,
  readReceipts,
} from '../conversation-store.ts'
import type { IngestQueue } from '../ingest-queue.ts'
import type { ProgressWriter } from '../progress-writer.ts'
import { accountTopic, conversationTopic, deviceTopic } from '../routing/audience.ts'
import type { Router } from '../routing/router.ts'
import type { Connection } from './connection.ts'
import type { Hub } from './hub.ts'
import { wrapBinaryFrame } from './websocket-frames.ts'

/** A client that keeps sending what it should not is not one of ours. */
const INVALID_FRAMES_LIMIT = 5
/** Service restart (RFC 6455's registry): come again in a moment. */
const RESTART = 1012

export type FrameHandler = {
  handle(connection: Connection, bytes: Buffer): void
  sendHeads(connection: Connection): void
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly hub: Hub
  readonly ingest: IngestQueue<Connection>
  readonly progress: ProgressWriter
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
}

export function encodeRefusal(send: SendFrame, code: ErrorCode, nowMs: number): Buffer {
  const { conversationId, messageId } = send
  return wrapBinaryFrame(
    encodeAck({ conversationId, messageId, status: ERRORS[code].number, seq: 0, serverTime: nowMs }),
  )
}

export function createFrameHandler(dependencies: Dependencies): FrameHandler {
  const { database, hub, ingest, progress, router, clock, log } = dependencies

  function refuse(connection: Connection, code: ErrorCode): void {
    connection.control({ t: 'error', code, message: ERRORS[code].message })
  }

  function refuseInvalid(connection: Connection): void {
    connection.invalidFrames += 1
    refuse(connection, 'CHAT_FRAME_INVALID')
    if (connection.invalidFrames >= INVALID_FRAMES_LIMIT) connection.close(CLOSE.malformed)
  }

  /** Reads for a connection; when the database is away the client is told to come again. */
  function read(connection: Connection, work: () => Promise<void>): void {
    work().catch(error => {
      log.warn('socket read failed', describeError(error))
      connection.close(RESTART)
    })
  }

  async function greet(connection: Connection): Promise<void> {
    const { accountId, deviceId } = connection.session
    // Listen first, read the heads then: whatever is stored in between is in one of the two, or in both. So also with
    // other nodes: to the device before its conversations are read, and then to these.
    await router.listen([deviceTopic(deviceId), accountTopic(accountId)], [])
    const memberships = await readMemberships(database, deviceId)
    await router.listen(
      [],
      [...memberships].map(([id, epoch]) => conversationTopic(id, epoch)),
    )
    hub.subscribe(connection, [...memberships.keys()])
    const [heads, receipts, greeting] = await Promise.all([
      readHeads(database, connection.session),
      readReceipts(database, deviceId),
      readGreeting(database, connection.session),
    ])
    connection.finishGreeting({
      t: 'ready',
      serverTime: clock.now(),
      heads,
      receipts,
      ...greeting,
    })
  }

  async function answerHeads(connection: Connection): Promise<void> {
    const { deviceId } = connection.session
    const [heads, welcomes] = await Promise.all([
      readHeads(database, connection.session),
      countWelcomes(database, deviceId),
    ])
    connection.control({ t: 'heads', heads, welcomes })
  }

  function handleSend(connection: Connection, bytes: Buffer): void {
    const send = parseSend(bytes)
    if (send === undefined || connection.state === 'opened') {
      refuseInvalid(connection)
      return
    }
    const refused = offer(connection, send, bytes)
    if (refused === undefined) return
    connection.answer(encodeRefusal(send, refused, clock.now()))
    // What is refused only for now must not be overtaken by what was sent behind it: start again.
    if (ERRORS[refused].retry === 'later') {
      connection.close(refused === 'RATE_LIMITED' ? CLOSE.rateLimited : RESTART)
    }
  }

  /** Into the queue, or the reason why not. */
  function offer(connection: Connection, send: SendFrame, bytes: Buffer): ErrorCode | undefined {
    if (send.body.length > LIMITS.messageBodyBytes) return 'REQUEST_TOO_LARGE'
    if (!connection.buckets.spend('send', clock.now())) return 'RATE_LIMITED'
    const taken = ingest.offer({
      origin: connection,
      message: {
        conversationId: send.conversationId,
        senderDevice: connection.session.deviceId,
        messageId: send.messageId,
        epoch: send.epoch,
        counter: send.counter,
        body: send.body,
        frame: bytes,
      },
    })
    return taken ? undefined : 'SERVER_UNAVAILABLE'
  }

  function forward(
    connection: Connection,
    control: Extract<ClientControl, { t: 'receipt' | 'ephemeral' }>,
  ): void {
    const { accountId, deviceId } = connection.session
    const frame = wrapBinaryFrame(
      encodeServerControl({ ...control, senderAccount: accountId, senderDevice: deviceId }),
    )
    router.publish([
      { kind: 'forward', conversationId: control.conversationId, exceptDevice: deviceId, frame },
    ])
  }

  function handleInConversation(
    connection: Connection,
    control: Extract<ClientControl, { t: 'cursor' | 'receipt' | 'ephemeral' }>,
  ): ErrorCode | undefined {
    const allowed = connection.buckets.spend(
      control.t === 'ephemeral' ? 'ephemeral' : 'progress',
      clock.now(),
    )
    if (!allowed) return 'RATE_LIMITED'
    if (!connection.conversations.has(control.conversationId)) return 'CHAT_CONVERSATION_NOT_FOUND'
    const { accountId, deviceId } = connection.session
    const { conversationId } = control
    if (control.t === 'cursor') {
      progress.cursor(conversationId, deviceId, control.seq)
      return undefined
    }
    if (control.t === 'receipt') {
      const { epoch, body } = control
      progress.receipt({ conversationId, deviceId, accountId, epoch, body })
    }
    forward(connection, control)
    return undefined
  }

  function handleQuestion(connection: Connection, kind: 'heads' | 'ping'): ErrorCode | undefined {
    if (!connection.buckets.spend('question', clock.now())) return 'RATE_LIMITED'
    if (kind === 'ping') connection.control({ t: 'pong' })
    else read(connection, () => answerHeads(connection))
    return undefined
  }

  function handleControl(connection: Connection, bytes: Buffer): void {
    const control = parseClientControl(bytes)
    const isHello = control?.t === 'hello'
    // Everything but the greeting comes after the greeting, and the greeting comes once.
    if (control === undefined || isHello !== (connection.state === 'opened')) {
      refuseInvalid(connection)
      return
    }
    if (isHello) {
      connection.startGreeting()
      read(connection, () => greet(connection))
      return
    }
    const refused =
      control.t === 'heads' || control.t === 'ping'
        ? handleQuestion(connection, control.t)
        : handleInConversation(connection, control)
    if (refused !== undefined) refuse(connection, refused)
  }

  return {
    sendHeads: connection => read(connection, () => answerHeads(connection)),
    handle(connection, bytes) {
      if (bytes[0] === FRAME.send) handleSend(connection, bytes)
      else if (bytes[0] === FRAME.control) handleControl(connection, bytes)
      else refuseInvalid(connection)
    },
  }
}
