import { createHash, randomBytes } from 'node:crypto'
import { accountIdSchema, deviceIdSchema, LIMITS } from '@entangle/protocol'
import { z } from 'zod'
import type { Cache } from '../ports/cache.ts'
import type { DeviceSession, SessionId } from '../ports/session-verifier.ts'

const sessionSchema = z.object({
  accountId: accountIdSchema,
  deviceId: deviceIdSchema,
  sessionId: z.string().transform(value => value as SessionId),
})

/** Good once, for 30 seconds: what a browser can show when it opens a WebSocket, where it cannot set headers. */
export type Tickets = {
  issue(session: DeviceSession): Promise<string>
  redeem(ticket: string): Promise<DeviceSession | undefined>
}

const keyOf = (ticket: string): string => `ticket:${createHash('sha256').update(ticket).digest('base64url')}`

export function createTickets(cache: Cache): Tickets {
  return {
    async issue(session) {
      const ticket = randomBytes(32).toString('base64url')
      await cache.set(keyOf(ticket), JSON.stringify(session), LIMITS.ticketLifetimeMs)
      return ticket
    },
    async redeem(ticket) {
      const stored = await cache.take(keyOf(ticket))
      return stored === undefined ? undefined : sessionSchema.parse(JSON.parse(stored))
    },
  }
}
