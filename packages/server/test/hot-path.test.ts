import { type ConversationId, ERRORS } from '@entangle/protocol'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { idBytes } from '../src/database/packed-arrays.ts'
import { makePair } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const database = () => server().server.contextForTesting.databases.chat
const body = (text: string) => new TextEncoder().encode(text)

/** Two people who have just written: the server remembers their conversation. */
async function talk(messages = 1) {
  const pair = await makePair(server().url)
  const socket = await Socket.connect(pair.ann.api)
  for (let count = 0; count < messages; count++)
    await socket.send(socket.frame(pair.conversationId, body(`message ${count}`)))
  return { ...pair, socket }
}

/** What another process would do behind this one. */
const change = (conversationId: ConversationId, columns: string) =>
  sql`UPDATE conversation SET ${sql.raw(columns)} WHERE id = ${idBytes(conversationId)}`.execute(database())

test('P40 what another process has written in between is counted on from', async () => {
  const { socket, conversationId } = await talk()
  await change(conversationId, 'last_seq = 7')
  const acks = await Promise.all(
    ['second', 'third'].map(text => socket.send(socket.frame(conversationId, body(text)))),
  )
  expect(acks).toMatchObject([
    { status: 0, seq: 8 },
    { status: 0, seq: 9 },
  ])
  socket.close()
})

test('P43 who is out, or whose peer is gone, is refused though remembered as a member', async () => {
  const left = await talk()
  await sql`UPDATE conversation_member SET left_seq = 2 WHERE device_id = ${idBytes(left.ann.device.deviceId)}`.execute(
    database(),
  )
  await change(left.conversationId, 'last_seq = 2, changed_seq = 2')
  const afterLeaving = await left.socket.send(left.socket.frame(left.conversationId, body('late')))
  expect(afterLeaving.status).toBe(ERRORS.CHAT_NOT_MEMBER.number)

  const deserted = await talk()
  await change(deserted.conversationId, 'peer_gone = true')
  const afterDeletion = await deserted.socket.send(
    deserted.socket.frame(deserted.conversationId, body('late')),
  )
  expect(afterDeletion.status).toBe(ERRORS.CHAT_PEER_GONE.number)
  for (const { socket } of [left, deserted]) socket.close()
})

test('P45 the same bytes that were refused are refused once their epoch has come', async () => {
  const { socket, conversationId } = await talk()
  const early = socket.frame(conversationId, body('of the next epoch'), { epoch: 2 })
  expect(await socket.send(early)).toMatchObject({ status: ERRORS.CHAT_EPOCH_STALE.number, seq: 1 })
  await change(conversationId, 'epoch = 2, last_seq = 2, changed_seq = 2')
  const other = socket.frame(conversationId, body('another'), { epoch: 2 })
  expect(await socket.send(other)).toMatchObject({ status: 0, seq: 3 })
  expect((await socket.send(early)).status).toBe(ERRORS.CHAT_EPOCH_STALE.number)
  expect(await socket.send(socket.frame(conversationId, body('next'), { epoch: 2 }))).toMatchObject({
    seq: 4,
  })
  socket.close()
})

test('P63 P50 the newest events are read from memory, those before and those of others from the log', async () => {
  const { ann, ben, socket, conversationId } = await talk(5)
  const read = (after: number, person = ben) => person.api.call('readEvents', { conversationId, after })
  const stored = await read(0)
  expect(stored.events.map(event => event.seq)).toEqual([1, 2, 3, 4, 5])
  // Gone from the log's pages: whoever still reads them has them from memory.
  await sql`DELETE FROM message WHERE conversation_id = ${idBytes(conversationId)}`.execute(database())
  expect(await read(0)).toEqual(stored)
  expect((await read(3, ann)).events.map(event => event.seq)).toEqual([4, 5])
  // The log says where it ends for a device; memory does not.
  await sql`UPDATE conversation_member SET joined_seq = 1, left_seq = 3
    WHERE device_id = ${idBytes(ben.device.deviceId)}`.execute(database())
  expect(await read(0)).toMatchObject({ lastSeq: 3, beginsAfter: 1, events: [{ seq: 2 }, { seq: 3 }] })
  // One more in the log than in memory.
  await change(conversationId, 'last_seq = 6')
  expect((await read(0, ann)).events).toEqual([])
  socket.close()
})
