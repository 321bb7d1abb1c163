import { PassThrough } from 'node:stream'
import { LIMITS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { Connection } from '../../src/chat/socket/connection.ts'
import { createHub } from '../../src/chat/socket/hub.ts'

const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS

test('a clock that was set back an hour does not keep connections from being looked after', () => {
  let now = 10 * HOUR_MS
  let tick: () => void = () => undefined
  const clock = {
    now: () => now,
    after: (_: number, action: () => void) => {
      tick = action
      return () => undefined
    },
  }
  const hub = createHub(clock, () => undefined)
  let pings = 0
  const socket = { ping: () => (pings += 1), close: () => undefined, terminate: () => undefined }
  const session = { accountId: 'a', deviceId: 'd', sessionId: 's' }
  const parts = { socket, session, buckets: {}, stream: new PassThrough() }
  const surroundings = { join: Buffer.concat, clock, onHeadsNeeded: () => undefined }
  const connection = new Connection(parts as never, surroundings as never)
  connection.startGreeting()
  hub.add(connection)
  now -= HOUR_MS
  tick()
  now += LIMITS.pingIntervalMs + SECOND_MS
  tick()
  expect(pings).toBe(1)
  hub.stop()
})
