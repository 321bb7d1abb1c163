import { createRelay, createSpareDatabases, type Relay, type SpareDatabases } from '@entangle/testkit/harness'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { kyselyOf } from '../src/database/databases.ts'
import { createPool, isConnectionLost } from '../src/database/pools.ts'
import { refusalOf } from './support/api.ts'
import { makePair } from './support/person.ts'
import { startTestServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const WITHIN_MS = 1000
const body = (text: string) => new TextEncoder().encode(text)

let databases: SpareDatabases
let wire: Relay
beforeAll(async () => {
  databases = await createSpareDatabases(inject('server').dataDir)
  wire = await createRelay(placeOf(databases.env.CHAT_DATABASE_URL))
}, 60_000)
afterEach(() => wire.heal())
afterAll(async () => {
  await wire.close()
  await databases.drop()
}, 60_000)

/** A port, or a socket in the file system. */
function placeOf(url: string): number | string {
  const { searchParams } = new URL(url)
  const [host, port] = [searchParams.get('host') ?? '', searchParams.get('port') ?? '']
  return host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : Number(port)
}

function overWire(url: string): string {
  const led = new URL(url)
  led.searchParams.set('host', wire.host)
  led.searchParams.set('port', String(wire.port))
  return led.href
}

const openPool = () =>
  createPool({ connectionString: overWire(databases.env.CHAT_DATABASE_URL), answerWithinMs: WITHIN_MS }, 1)

async function besides<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databases.env.CHAT_DATABASE_URL })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('P42 P44 while connections are silent nothing is acknowledged; then everything is there once', async () => {
  const server = await startTestServer({
    USER_DATABASE_URL: overWire(databases.env.USER_DATABASE_URL),
    CHAT_DATABASE_URL: overWire(databases.env.CHAT_DATABASE_URL),
    DATABASE_TIMEOUT_MS: String(WITHIN_MS),
  })
  try {
    const { ann, ben, conversationId } = await makePair(server.url)
    const socket = await Socket.connect(ann.api)
    await socket.send(socket.frame(conversationId, body('before')))
    const read = async () => {
      server.server.contextForTesting.forget()
      const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
      return events.map(event => new TextDecoder().decode(event.body))
    }
    expect(await read()).toEqual(['before'])

    wire.hold()
    const frame = socket.frame(conversationId, body('meanwhile'))
    const startedAt = performance.now()
    socket.post(frame)
    expect(
      await Promise.all([
        refusalOf(read()),
        refusalOf(ann.api.call('listConversations', {})),
        refusalOf(ann.api.call('updateProfile', { displayName: 'Ann the Second' })),
      ]),
    ).toEqual(['SERVER_UNAVAILABLE', 'SERVER_UNAVAILABLE', 'SERVER_UNAVAILABLE'])
    // Far below what it waits where nothing is set, and above what a busy machine may take.
    expect(performance.now() - startedAt).toBeLessThan(8000)
    expect(socket.acks).toHaveLength(1)

    // With what was asked and given up: it reaches the database beside the repetition.
    wire.heal()
    await socket.until(() => socket.acks.length === 2, 20_000)
    expect(socket.acks[1]).toMatchObject({ messageId: frame.messageId, status: 0, seq: 2 })
    await expect.poll(read, { timeout: 10_000 }).toEqual(['before', 'meanwhile'])
    const rename = () => ann.api.call('updateProfile', { displayName: 'Ann the Second' })
    expect(await rename()).toMatchObject({ displayName: 'Ann the Second' })
    socket.close()
  } finally {
    await server.stop()
  }
}, 60_000)

test('a connection that was silent is for nobody any more, also where a transaction was under way', async () => {
  const pool = openPool()
  const database = kyselyOf<unknown>(pool)
  try {
    const failures = [
      () => sql`SELECT 1`.execute(database),
      () => database.transaction().execute(work => sql`SELECT 1`.execute(work)),
      () => pool.query('SELECT 1'),
    ]
    for (const fail of failures) {
      await pool.query('SELECT 1')
      expect(pool.totalCount).toBe(1)
      wire.hold()
      expect(isConnectionLost(await fail().catch((error: unknown) => error))).toBe(true)
      expect(pool.totalCount).toBe(0)
      wire.heal()
    }
  } finally {
    await pool.end()
  }
}, 30_000)

test('whoever goes silent in a transaction keeps no row from others', async () => {
  const pool = openPool()
  try {
    await pool.query('CREATE TABLE held AS SELECT 1 AS id')
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('UPDATE held SET id = 2')
    wire.hold()
    const { rowCount } = await besides(async other => {
      await other.query('SET statement_timeout = 20000')
      return other.query('UPDATE held SET id = 3')
    })
    expect(rowCount).toBe(1)
    wire.heal()
    client.release(true)
  } finally {
    await pool.end()
  }
}, 30_000)

test('a statement that takes too long ends in the database as well, and may be asked again', async () => {
  const pool = openPool()
  try {
    const failure = await pool.query(`SELECT pg_sleep(60)`).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: '57014' })
    expect(isConnectionLost(failure)).toBe(true)
    const { rows } = await besides(other =>
      other.query(`SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'`),
    )
    expect(rows).toEqual([])
  } finally {
    await pool.end()
  }
}, 30_000)
