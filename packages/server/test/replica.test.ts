import { type ReplicatedDatabases, startReplicatedDatabases } from '@entangle/testkit/cluster'
import { waitUntil } from '@entangle/testkit/harness'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../src/logging.ts'
import { makePair } from './support/person.ts'
import { startTestServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

let databases: ReplicatedDatabases
beforeAll(async () => {
  databases = await startReplicatedDatabases()
}, 60_000)
afterAll(() => databases.dispose(), 60_000)

const body = (text: string) => new TextEncoder().encode(text)

/** Where the standby has the same database for the same role. */
function replicaUrl(): string {
  const url = new URL(databases.env.CHAT_DATABASE_URL)
  url.searchParams.set('port', String(databases.standby().port))
  return url.href
}

async function askStandby(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(databases.standby().administrator)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
const findReads = () =>
  askStandby(
    `SELECT query FROM pg_stat_activity WHERE application_name = 'entangle' AND query LIKE '%FROM message%'`,
  )

test('P50 pages come from a replica that has come so far, and else from the primary: nobody misses anything', async () => {
  const lines: string[] = []
  const log = createLog('warn', { write: line => lines.push(line) })
  const settings = { REQUIRE_SYNCHRONOUS: 'on', SLOW_LOG_MS: '3600000' }
  const env = { ...databases.env, CHAT_REPLICA_URL: replicaUrl(), ...settings }
  const server = await startTestServer(env, { log })
  try {
    const { ann, ben, conversationId } = await makePair(server.url)
    const socket = await Socket.connect(ann.api)
    const write = (text: string) => socket.send(socket.frame(conversationId, body(text)))
    const readAll = async () => {
      // What memory has of the newest is not what is looked at here.
      server.server.contextForTesting.forget()
      const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
      return events.map(event => new TextDecoder().decode(event.body))
    }
    await write('first')
    const replayed = () => askStandby('SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS level')
    await waitUntil('the standby', replayed, rows => rows[0]?.['level'] === true)
    expect(await findReads()).toEqual([])
    expect(await readAll()).toEqual(['first'])
    expect(await findReads()).not.toEqual([])

    await askStandby('SELECT pg_wal_replay_pause()')
    await write('second')
    expect(await readAll()).toEqual(['first', 'second'])
    await askStandby('SELECT pg_wal_replay_resume()')

    await databases.standby().kill9()
    expect(await readAll()).toEqual(['first', 'second'])
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['replica not read'])
    await databases.standby().restart()
    socket.close()
  } finally {
    await server.stop()
  }
}, 60_000)
