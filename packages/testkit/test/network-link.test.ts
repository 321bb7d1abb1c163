import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createNetworkLink, type NetworkLink } from '../src/harness/network-link.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

async function openLink(): Promise<{ link: NetworkLink; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  if (typeof address === 'string' || address === null) throw new Error('no address')
  const link = await createNetworkLink(address.port)
  open.push(link, server)
  return { link, server }
}

test('messages pass both ways, and those of the client are remembered unmasked', async () => {
  const { link, server } = await openLink()
  server.on('connection', socket => socket.on('message', data => socket.send(data)))
  const client = new WebSocket(`ws://127.0.0.1:${link.port}`)
  await once(client, 'open')
  const sent = [3, 200, 70_000].map(size => Buffer.alloc(size, size & 0xff))
  for (const payload of sent) {
    const answer = once(client, 'message')
    client.send(payload)
    expect((await answer)[0]).toEqual(payload)
  }
  expect(link.sentFrames.map(frame => frame.payload)).toEqual(sent)
})

test('a cut ends connections and refuses new ones until it is healed', async () => {
  const { link } = await openLink()
  const first = new WebSocket(`ws://127.0.0.1:${link.port}`)
  await once(first, 'open')
  const closed = once(first, 'close')
  link.cut()
  await closed
  const refused = new WebSocket(`ws://127.0.0.1:${link.port}`)
  await once(refused, 'error')
  link.heal()
  const second = new WebSocket(`ws://127.0.0.1:${link.port}`)
  await once(second, 'open')
})
