import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SendFrame } from '@entangle/protocol'
import { type ServerProcess, startServer } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { makePair, type Person } from './support/person.ts'
import { startTestServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const env = { RATE_LIMITS: 'off-for-benchmarks', LOG_LEVEL: 'error' }

async function allEvents(person: Person, conversationId: SendFrame['conversationId']) {
  const events: { seq: number; messageId: string; body: Uint8Array }[] = []
  for (;;) {
    const page = await person.api.call('readEvents', { conversationId, after: events.length })
    events.push(...page.events)
    if (page.events.length === 0) return events
  }
}

async function reconnect(person: Person): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await Socket.connect(person.api)
    } catch (error) {
      if (attempt === 200) throw error
      await sleep(50)
    }
  }
}

test('P44 kill -9 while sending: every acknowledged message is there, and the rest goes in once', async () => {
  const server: ServerProcess = await startServer({ env })
  try {
    const { ann, ben, conversationId } = await makePair(server.url)
    const acknowledged = new Map<string, number>()
    const frames: SendFrame[] = []
    let socket = await Socket.connect(ann.api)
    let counter = 0
    for (let round = 0; round < 4; round++) {
      const sent = Array.from({ length: 300 }, () => {
        counter += 1
        return socket.frame(conversationId, new TextEncoder().encode(`message ${counter}`), { counter })
      })
      frames.push(...sent)
      for (const frame of sent) socket.post(frame)
      await socket.until(() => socket.acks.length > 20 * round)
      await server.kill9()
      for (const ack of socket.acks) if (ack.status === 0) acknowledged.set(ack.messageId, ack.seq)
      await server.restart()
      socket = await reconnect(ann)
    }
    const stored = new Map(
      (await allEvents(ben, conversationId)).map(event => [event.messageId as string, event.seq]),
    )
    for (const [messageId, seq] of acknowledged) expect(stored.get(messageId)).toBe(seq)

    // Every frame again, whatever became of it: nothing is doubled, nothing changes its place.
    for (const frame of frames) socket.post(frame)
    await socket.until(() => socket.acks.length === frames.length, 30_000)
    for (const ack of socket.acks) {
      expect(ack.status).toBe(0)
      expect(ack.seq).toBe(acknowledged.get(ack.messageId) ?? ack.seq)
    }
    const events = await allEvents(ben, conversationId)
    expect(events.map(event => event.seq)).toEqual(frames.map((_, index) => index + 1))
    expect(new Set(events.map(event => event.messageId))).toEqual(
      new Set(frames.map(frame => frame.messageId)),
    )
    socket.close()
  } finally {
    await server.dispose()
  }
}, 180_000)

test('P44 PostgreSQL killed under the server: it comes back, and nothing acknowledged is lost', async () => {
  const server = await startTestServer(env)
  try {
    const { ann, ben, conversationId } = await makePair(server.url)
    const acknowledged = new Set<string>()
    for (let round = 0; round < 3; round++) {
      const socket = await reconnect(ann)
      const frames = Array.from({ length: 200 }, (_, index) =>
        socket.frame(conversationId, new TextEncoder().encode(`round ${round}`), {
          counter: round * 200 + index + 1,
        }),
      )
      for (const frame of frames.slice(0, 100)) socket.post(frame)
      process.kill(server.server.contextForTesting.databases.embedded?.pid() ?? 0, 'SIGKILL')
      for (const frame of frames.slice(100)) socket.post(frame)
      await Promise.race([socket.closed, socket.until(() => socket.acks.length === frames.length, 30_000)])
      for (const ack of socket.acks) if (ack.status === 0) acknowledged.add(ack.messageId)
      socket.close()
      // The database was away for a moment only: what had not been acknowledged was tried again meanwhile.
      expect(acknowledged.size).toBe((round + 1) * 200)
    }
    const events = await allEvents(ben, conversationId)
    expect(events.map(event => event.seq)).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
    expect(new Set(events.map(event => event.messageId))).toEqual(acknowledged)
  } finally {
    await server.stop()
  }
}, 180_000)

test('P85 on SIGTERM it finishes, closes its sockets for a restart and exits', async () => {
  const server = await startServer({ env })
  try {
    const { ann, conversationId } = await makePair(server.url)
    const socket = await Socket.connect(ann.api)
    const frames = Array.from({ length: 200 }, () => socket.frame(conversationId, new Uint8Array(400)))
    for (const frame of frames) socket.post(frame)
    await socket.until(() => socket.acks.length > 0)
    const startedAt = Date.now()
    const exit = server.stop()
    expect(await socket.closed).toBe(1012)
    expect(await exit).toBe(0)
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    await server.restart()
    const { lastSeq } = await ann.api.call('readEvents', { conversationId, after: 0 })
    expect(lastSeq).toBeGreaterThanOrEqual(socket.acks.length)
  } finally {
    await server.dispose()
  }
}, 120_000)

/** What a server that cannot start says, and its exit code. */
async function startInVain(
  environment: Record<string, string>,
): Promise<{ code: number | null; words: string }> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env, ...environment } })
  let words = ''
  child.stderr.on('data', chunk => {
    words += String(chunk)
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, words }
}

test('a second server on the same data folder or port is refused with a reason', async () => {
  const server = await startServer({ env })
  const other = await mkdtemp(join(tmpdir(), 'entangle-'))
  try {
    const sameFolder = await startInVain({ PORT: '0', DATA_DIR: server.dataDir })
    expect(sameFolder).toMatchObject({ code: 1, words: expect.stringContaining('Another Entangle server') })
    const samePort = await startInVain({ PORT: String(server.port), DATA_DIR: other })
    expect(samePort).toMatchObject({ code: 1, words: expect.stringContaining('is taken by another program') })
    expect(await startInVain({ HOST: '0.0.0.0' })).toMatchObject({
      code: 1,
      words: expect.stringContaining('PUBLIC_URL'),
    })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  } finally {
    await server.dispose()
    await rm(other, { recursive: true, force: true })
  }
}, 120_000)
