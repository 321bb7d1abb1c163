import { expect, test } from 'vitest'
import { makePair } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer()

test('from sign-up to a delivered message that only the other can read', async () => {
  const { ann, ben, conversationId } = await makePair(server().url)
  const [annSocket, benSocket] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  expect(annSocket.controlOf('ready').heads).toEqual([
    {
      conversationId,
      kind: 'direct',
      epoch: 1,
      lastSeq: 0,
      members: [ann.accountId, ben.accountId].sort(),
      joined: true,
    },
  ])
  const ack = await annSocket.send(annSocket.frame(conversationId, ann.encrypt(conversationId, 'hello Ben')))
  expect(ack).toMatchObject({ status: 0, seq: 1, conversationId })
  await benSocket.until(() => benSocket.delivered.length === 1)
  const [delivered] = benSocket.delivered
  expect(delivered).toMatchObject({
    seq: 1,
    epoch: 1,
    kind: 'application',
    senderDevice: ann.device.deviceId,
  })
  expect(ben.decrypt(conversationId, delivered?.body ?? new Uint8Array())).toBe('hello Ben')
  const page = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(page.lastSeq).toBe(1)
  expect(page.events).toHaveLength(1)
  for (const socket of [annSocket, benSocket]) socket.close()
})
