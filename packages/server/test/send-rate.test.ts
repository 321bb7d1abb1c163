import { CLOSE, ERRORS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { makePair } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({})

test('P81 a message refused for its rate closes the connection, so that no later one overtakes it', async () => {
  const { ann, conversationId } = await makePair(server().url)
  const socket = await Socket.connect(ann.api)
  for (let count = 0; count < 400; count++) {
    socket.post(socket.frame(conversationId, new TextEncoder().encode(`message ${count}`)))
  }
  expect(await socket.closed).toBe(CLOSE.rateLimited)
  const statuses = socket.acks.map(ack => ack.status)
  expect(statuses.filter(status => status === ERRORS.RATE_LIMITED.number)).toHaveLength(1)
})
