import { accountIdSchema, deviceIdSchema } from '@entangle/protocol'
import { z } from 'zod'
import type { SessionId } from '../ports/session-verifier.ts'

const sessionIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .transform(value => value as SessionId)
const bytes = z.custom<Uint8Array>(value => value instanceof Uint8Array)
const nothing = z.object({})
/** Each service opens only what it has sealed itself, so it says which one it is. */
const placed = z.object({
  sealer: z.enum(['auth', 'chat']),
  values: z.array(z.object({ place: z.string().max(200), bytes })).max(1000),
})
const jwk = z.looseObject({ kty: z.string(), kid: z.string() })

/**
 * What one service asks of another: the methods of the ports, as they pass between processes. All may be repeated.
 * `service` answers.
 */
export const INTERNAL_CALLS = {
  verifySession: {
    service: 'auth',
    request: z.object({ token: z.string() }),
    answer: z.object({ accountId: accountIdSchema, deviceId: deviceIdSchema, sessionId: sessionIdSchema }),
  },
  isSessionActive: {
    service: 'auth',
    request: z.object({ sessionId: sessionIdSchema }),
    answer: z.object({ active: z.boolean() }),
  },
  readEndedSessions: {
    service: 'auth',
    request: nothing,
    answer: z.object({ sessionIds: z.array(sessionIdSchema) }),
  },
  signToken: {
    service: 'keys',
    request: z.object({ claims: z.record(z.string(), z.union([z.string(), z.number()])), type: z.string() }),
    answer: z.object({ token: z.string() }),
  },
  readTokenKeys: { service: 'keys', request: nothing, answer: z.object({ keys: z.array(jwk) }) },
  sealValues: { service: 'keys', request: placed, answer: z.object({ values: z.array(bytes) }) },
  openValues: { service: 'keys', request: placed, answer: z.object({ values: z.array(bytes) }) },
  findDevices: {
    service: 'keys',
    request: z.object({ deviceIds: z.array(deviceIdSchema) }),
    answer: z.object({
      devices: z.array(
        z.object({
          deviceId: deviceIdSchema,
          accountId: accountIdSchema,
          signatureKey: bytes,
          revoked: z.boolean(),
        }),
      ),
    }),
  },
  findDeletedAccounts: {
    service: 'keys',
    request: z.object({ accountIds: z.array(accountIdSchema) }),
    answer: z.object({ accountIds: z.array(accountIdSchema) }),
  },
  accountDeleted: { service: 'chat', request: z.object({ accountId: accountIdSchema }), answer: nothing },
  accountReset: { service: 'chat', request: z.object({ accountId: accountIdSchema }), answer: nothing },
  sessionsEnded: {
    service: 'chat',
    request: z.object({ sessionIds: z.array(sessionIdSchema) }),
    answer: nothing,
  },
  deviceRevoked: { service: 'chat', request: z.object({ deviceId: deviceIdSchema }), answer: nothing },
} as const satisfies Record<
  string,
  { readonly service: 'auth' | 'keys' | 'chat'; readonly request: z.ZodType; readonly answer: z.ZodType }
>

export type InternalName = keyof typeof INTERNAL_CALLS
export type InternalRequest<Name extends InternalName> = z.output<(typeof INTERNAL_CALLS)[Name]['request']>
export type InternalAnswer<Name extends InternalName> = z.output<(typeof INTERNAL_CALLS)[Name]['answer']>

/** Who answers which calls here. */
export type InternalHandlers = {
  readonly [Name in InternalName]?: (request: InternalRequest<Name>) => Promise<InternalAnswer<Name>>
}
