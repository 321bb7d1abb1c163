import type { ConversationId, DeliverFrame, DeviceId, MessageId } from '@entangle/protocol'
import { sharedTailContract } from '@entangle/testkit/contracts/shared-tail'
import { createSeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { createLogTail } from '../../src/chat/log-tail.ts'

sharedTailContract('in memory', async () => createLogTail())

const id = <Id extends string>(number: number) => number.toString(16).padStart(32, '0') as Id

const event = (seq: number, conversation = 1, bodyBytes = 8): DeliverFrame => ({
  kind: 'application',
  conversationId: id<ConversationId>(conversation),
  messageId: id<MessageId>(seq),
  epoch: 1,
  seq,
  serverTime: 1_700_000_000_000 + seq,
  senderDevice: id<DeviceId>(9),
  body: new Uint8Array(bodyBytes).fill(seq),
})

const seqsOf = (events: readonly { readonly seq: number }[] | undefined) => events?.map(({ seq }) => seq)
const conversation = id<ConversationId>(1)

test('P63 the tail gives what it holds, and nothing where a part is missing', () => {
  const tail = createLogTail()
  for (const seq of [4, 5, 6]) tail.add(event(seq))
  expect(seqsOf(tail.read(conversation, 3, 6))).toEqual([4, 5, 6])
  expect(seqsOf(tail.read(conversation, 4, 5))).toEqual([5])
  expect(tail.read(conversation, 6, 6)).toEqual([])
  expect(tail.read(conversation, 2, 6)).toBeUndefined()
  expect(tail.read(conversation, 5, 7)).toBeUndefined()
  expect(tail.read(id<ConversationId>(2), 0, 1)).toBeUndefined()
})

test('P40 whatever is lost, late or repeated, the tail never gives a hole or another event', () => {
  const random = createSeededRandom('tail of a log')
  const tail = createLogTail()
  const below = (limit: number) => random.integer(0, limit - 1)
  let given = 0
  for (let step = 0, head = 1; step < 3000; step++) {
    // Mostly the next one; now and then some are lost, and some come again or late.
    const seq = below(50) === 0 ? head + below(4) : below(20) === 0 ? Math.max(1, head - below(6)) : head
    tail.add(event(seq))
    head = Math.max(head, seq + 1)
    const after = Math.max(0, head - 1 - below(30))
    const upTo = after + below(20)
    const events = tail.read(conversation, after, upTo)
    if (events === undefined) continue
    given += events.length
    const expected = Array.from({ length: Math.max(0, upTo - after) }, (_, at) => after + 1 + at)
    expect(seqsOf(events)).toEqual(expected)
    for (const { seq: at, body } of events) expect(body[0]).toBe(at % 256)
  }
  expect(given).toBeGreaterThan(200)
})

test('P40 what is read from the log and what is heard of make one run', () => {
  const tail = createLogTail()
  const page = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, at) => event(first + at))
  tail.add(event(8))
  tail.keep(conversation, page(5, 8))
  tail.add(event(9))
  tail.keep(conversation, page(3, 6))
  expect(seqsOf(tail.read(conversation, 2, 9))).toEqual([3, 4, 5, 6, 7, 8, 9])
  const before = tail.sizeBytes
  tail.keep(conversation, page(4, 9))
  tail.keep(conversation, page(1, 1))
  expect(tail.sizeBytes).toBe(before)
  tail.keep(conversation, page(20, 21))
  expect(tail.read(conversation, 2, 9)).toBeUndefined()
  expect(seqsOf(tail.read(conversation, 19, 21))).toEqual([20, 21])
})

test('P81 the tail stays within its bytes, for one conversation and for all', () => {
  const one = createLogTail()
  for (let seq = 1; seq <= 400; seq++) one.add(event(seq, 1, 8 * 1024))
  expect(one.sizeBytes).toBeLessThanOrEqual(1024 * 1024)
  expect(seqsOf(one.read(conversation, 390, 400))).toHaveLength(10)
  expect(one.read(conversation, 1, 400)).toBeUndefined()

  const all = createLogTail(100_000)
  for (let seq = 1; seq <= 20; seq++)
    for (let number = 1; number <= 20; number++) all.add(event(seq, number, 600))
  expect(all.sizeBytes).toBeLessThanOrEqual(100_000)
  expect(all.read(id<ConversationId>(1), 0, 20)).toBeUndefined()
  expect(seqsOf(all.read(id<ConversationId>(20), 15, 20))).toEqual([16, 17, 18, 19, 20])

  const huge = createLogTail()
  huge.add(event(1, 1, 16 * 1024 * 1024))
  expect(huge.sizeBytes).toBe(0)
})

test('the tail keeps a copy: the buffer that an event came in is used again', () => {
  const tail = createLogTail()
  const first = event(1)
  tail.add(first)
  first.body.fill(0xff)
  expect(tail.read(conversation, 0, 1)?.[0]?.body).toEqual(new Uint8Array(8).fill(1))
})
