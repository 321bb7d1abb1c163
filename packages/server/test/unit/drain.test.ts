import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConversationId, DeviceId, MessageId } from '@entangle/protocol'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { createIngestQueue } from '../../src/chat/ingest-queue.ts'
import type { IncomingMessage } from '../../src/chat/message-store.ts'
import { createProgressWriter } from '../../src/chat/progress-writer.ts'
import { createLog } from '../../src/logging.ts'
import { systemClock } from '../../src/ports/clock.ts'

const log = createLog('silent')
const newId = <Id extends string>() => randomBytes(16).toString('hex') as Id
const WRITE_MS = 5

const newMessage = (): IncomingMessage => ({
  conversationId: newId<ConversationId>(),
  senderDevice: newId<DeviceId>(),
  messageId: newId<MessageId>(),
  epoch: 1,
  counter: 1,
  body: new Uint8Array(8),
  frame: new Uint8Array(32),
})

test('who drains waits for the messages that were taken, and not for those of people who write on and on', async () => {
  const settled = new Set<IncomingMessage>()
  let isOver = false
  const queue = createIngestQueue<string>({
    clock: systemClock,
    log,
    store: {
      async append(batch, nowMs) {
        if (!isOver) queue.offer({ message: newMessage(), origin: 'somebody who writes on' })
        await sleep(WRITE_MS)
        return batch.map(() => ({ status: 0, seq: 1, serverTime: nowMs, fresh: true }))
      },
    },
    onSettled: batch => {
      for (const { message } of batch) settled.add(message)
    },
  })
  const taken = Array.from({ length: 20 }, newMessage)
  for (const message of taken) queue.offer({ message, origin: 'somebody' })
  await queue.drain()
  expect(taken.every(message => settled.has(message))).toBe(true)
  expect(queue.length).toBeGreaterThan(0)
  isOver = true
  await queue.drain()
  expect(queue.length).toBe(0)
})

test('the same with cursors', async () => {
  let writes = 0
  let isOver = false
  const pool = {
    async query() {
      writes += 1
      await sleep(WRITE_MS)
      if (!isOver) writer.cursor(newId(), newId(), 1)
    },
  }
  const writer = createProgressWriter(pool as unknown as pg.Pool, log)
  writer.cursor(newId(), newId(), 1)
  writer.cursor(newId(), newId(), 1)
  await writer.drain()
  expect(writes).toBeGreaterThanOrEqual(2)
  isOver = true
  await writer.drain()
})
