import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { makePair } from './support/person.ts'
import { startTestServer, useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ METRICS_LISTEN: '0' })

async function scrape(): Promise<Map<string, number>> {
  const port = server().server.contextForTesting.metrics.port
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  expect(answer.headers.get('content-type')).toContain('version=0.0.4')
  const lines = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

test('P83 connections, batches, fan-out and requests are counted, on a port of their own, and nobody is named', async () => {
  const { ann, ben, conversationId } = await makePair(server().url)
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  const before = await scrape()
  const frame = left.frame(conversationId, new Uint8Array(100))
  await left.send(frame)
  await left.send(frame)
  await left.send(left.frame(conversationId, new Uint8Array(100), { epoch: 9 }))
  await right.until(() => right.delivered.length === 1)
  const after = await scrape()

  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(after.get('entangle_connections')).toBe(2)
  expect(grown('entangle_messages_total{outcome="accepted"}')).toBe(1)
  expect(grown('entangle_messages_total{outcome="repeated"}')).toBe(1)
  expect(grown('entangle_messages_total{outcome="refused"}')).toBe(1)
  expect(grown('entangle_ingest_batch_messages_count')).toBe(3)
  expect(grown('entangle_ingest_commit_seconds_count')).toBe(3)
  expect(grown('entangle_fanout_events_total')).toBe(1)
  expect(after.get('entangle_ingest_queue_messages')).toBe(0)
  expect(after.get('entangle_http_request_seconds_count{operation="issueTicket",status="2xx"}')).toBe(2)
  expect(after.get('entangle_database_connections{pool="ingest",state="idle"}')).toBe(1)
  expect(after.get('entangle_event_loop_delay_seconds{quantile="1"}')).toBeGreaterThan(0)
  expect(after.get('entangle_process_resident_memory_bytes')).toBeGreaterThan(1e7)

  const text = [...after.keys()].join('\n')
  for (const secret of [ann.handle, ann.accountId, ann.device.deviceId, conversationId]) {
    expect(text).not.toContain(secret)
  }
  // There the application answers for every path, if it is built.
  expect(await (await fetch(`${server().url}/metrics`)).text()).not.toContain('entangle_')
  left.end()
  await left.closed
  right.close()
  await right.closed
  await expect.poll(async () => (await scrape()).get('entangle_connections')).toBe(0)
  const closed = (code: string) => `entangle_connections_closed_total{code="${code}"}`
  const last = await scrape()
  expect([last.get(closed('1005')), last.get(closed('other')), last.get(closed('1006'))]).toEqual([
    undefined,
    1,
    1,
  ])
})

test('without METRICS_LISTEN nothing listens', async () => {
  const quiet = await startTestServer()
  try {
    expect(quiet.server.contextForTesting.metrics.port).toBeUndefined()
  } finally {
    await quiet.stop()
  }
})

test('the dashboard asks for figures that there are, and for no others', async () => {
  const file = new URL('../../../deploy/grafana/entangle.json', import.meta.url)
  const asked = new Set([...(await readFile(file, 'utf8')).matchAll(/entangle_\w+/g)].map(([name]) => name))
  expect(asked.size).toBeGreaterThan(8)
  const names = new Set([...(await scrape()).keys()].map(line => line.split('{', 1)[0]))
  for (const name of asked) expect(names, name).toContain(name)
})
