import {
  createSpareDatabases,
  type DatabaseView,
  openDatabaseView,
  waitUntil,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../src/logging.ts'
import { refusalOf } from './support/api.ts'
import { makePair } from './support/person.ts'
import { startTestServer, useWholeServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useWholeServer()
const body = (text: string) => new TextEncoder().encode(text)

let view: DatabaseView
beforeAll(async () => {
  view = await openDatabaseView(server().dataDir)
})
afterAll(() => view.close())

async function nameStandbys(names: string): Promise<void> {
  await view.query('postgres', `ALTER SYSTEM SET synchronous_standby_names = '${names}'`)
  await view.query('postgres', 'SELECT pg_reload_conf()')
  const read = () => view.query('postgres', `SELECT current_setting('synchronous_standby_names') AS names`)
  await waitUntil('the setting', read, rows => rows[0]?.['names'] === names)
}

const findWaiting = () =>
  view.query('postgres', `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)

async function cancelCommit(): Promise<void> {
  await waitUntil('a commit that waits', findWaiting, rows => rows.length === 1)
  await view.query(
    'postgres',
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
  )
}

test('P44 a commit whose wait for the standby was cancelled is no success, and neither is its repetition', async () => {
  const { ann, ben, conversationId } = await makePair(server().url)
  const other = await Socket.connect(ben.api)
  const socket = await Socket.connect(ann.api)
  const frame = socket.frame(conversationId, body('perhaps'))
  await nameStandbys('ANY 1 (nobody)')
  try {
    socket.post(frame)
    await cancelCommit()
    // The sender is told nothing but to come again.
    await Promise.race([socket.closed, socket.until(() => socket.acks.length > 0)])
    expect(socket.acks).toEqual([])
    expect(other.delivered).toEqual([])

    const again = await Socket.connect(ann.api)
    again.post(frame)
    await waitUntil('the repetition to wait as well', findWaiting, rows => rows.length === 1)
    expect(again.acks).toEqual([])
    await nameStandbys('')
    await again.until(() => again.acks.length > 0)
    expect(again.acks).toMatchObject([{ messageId: frame.messageId, status: 0, seq: 1 }])
    again.close()
    other.close()
  } finally {
    await nameStandbys('')
  }
  const rows = await view.query('entangle_chat', 'SELECT seq FROM message')
  expect(rows).toHaveLength(1)
})

test('P44 nor is it over HTTP', async () => {
  const { ann } = await makePair(server().url)
  await nameStandbys('ANY 1 (nobody)')
  try {
    const refused = refusalOf(ann.api.call('updateProfile', { displayName: 'Ann the Second' }))
    await cancelCommit()
    expect(await refused).toBe('SERVER_UNAVAILABLE')
  } finally {
    await nameStandbys('')
  }
  expect(await ann.api.call('updateProfile', { displayName: 'Ann the Second' })).toMatchObject({
    displayName: 'Ann the Second',
  })
})

test('a database without a standby is named at the start, and refused where that is asked for', async () => {
  const databases = await createSpareDatabases(server().dataDir)
  const lines: string[] = []
  const log = createLog('warn', { write: line => lines.push(line) })
  try {
    const started = await startTestServer(databases.env, { log })
    await started.stop()
    expect(lines.map(line => JSON.parse(line).code)).toEqual(['STANDBY_NOT_NAMED', 'STANDBY_NOT_NAMED'])
    await expect(startTestServer({ ...databases.env, REQUIRE_SYNCHRONOUS: 'on' })).rejects.toThrow(
      'REQUIRE_SYNCHRONOUS: the users database is set otherwise (STANDBY_NOT_NAMED)',
    )
  } finally {
    await databases.drop()
  }
})
