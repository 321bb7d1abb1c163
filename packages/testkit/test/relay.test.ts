import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createRelay } from '../src/harness/relay.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

/** Answers everything with its name. */
async function openTarget(name: string): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', data => socket.write(`${name}:${String(data)}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

function connect(port: number) {
  const socket = createConnection(port, '127.0.0.1')
  open.push({ close: () => socket.destroy() })
  let heard = ''
  socket.on('data', data => {
    heard += String(data)
  })
  socket.on('error', () => undefined)
  return { socket, heard: () => heard }
}

test('what is held is neither lost nor told; it goes on where it was, and so do those who came meanwhile', async () => {
  const relay = await createRelay(await openTarget('a'))
  open.unshift(relay)
  const first = connect(relay.port)
  first.socket.write('1')
  await expect.poll(first.heard).toBe('a:1')
  relay.hold()
  first.socket.write('2')
  const second = connect(relay.port)
  second.socket.write('3')
  await sleep(100)
  expect([first.heard(), second.heard()]).toEqual(['a:1', ''])
  relay.heal()
  await expect.poll(first.heard).toBe('a:1a:2')
  await expect.poll(second.heard).toBe('a:3')
})

test('it leads elsewhere after a cut', async () => {
  const relay = await createRelay(await openTarget('a'))
  open.unshift(relay)
  const first = connect(relay.port)
  first.socket.write('1')
  await expect.poll(first.heard).toBe('a:1')
  relay.cut()
  await once(first.socket, 'close')
  relay.lead(await openTarget('b'))
  relay.heal()
  const second = connect(relay.port)
  second.socket.write('2')
  await expect.poll(second.heard).toBe('b:2')
})
