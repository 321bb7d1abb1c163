import type { JWK } from 'jose'
import { describeError, type Log } from '../logging.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession, SessionId, SessionVerifier } from '../ports/session-verifier.ts'
import type { TokenKeys } from '../ports/token-keys.ts'
import { createBeliefs } from './beliefs.ts'
import type { InternalHandlers } from './calls.ts'
import type { InternalClient } from './internal-client.ts'

const KEYS_BELIEVED_MS = 60_000
/** An unknown key may be one that was just made; whoever invents names of keys must not make us ask for each. */
const KEYS_BELIEVED_LACKING_MS = 5_000
/** Together with what auth itself believes it stays below the five seconds in which a revocation takes hold. */
const SESSION_BELIEVED_MS = 500

/** The sessions of an auth service in another process. */
export function createRemoteSessions(client: InternalClient, clock: Pick<Clock, 'now'>): SessionVerifier {
  const tokens = createBeliefs<string, DeviceSession>(clock)
  const sessions = createBeliefs<SessionId, boolean>(clock)
  return {
    verify: token =>
      tokens.ask(token, SESSION_BELIEVED_MS, async () => {
        const askedAt = clock.now()
        const session = await client.call('verifySession', { token })
        // Who takes a ticket opens a socket with it in a moment.
        sessions.learn(session.sessionId, true, askedAt)
        return session
      }),
    isActive: sessionId =>
      sessions.ask(
        sessionId,
        SESSION_BELIEVED_MS,
        async () => (await client.call('isSessionActive', { sessionId })).active,
      ),
    readEnded: async () => (await client.call('readEndedSessions', {})).sessionIds,
  }
}

/** The directory of a keys service in another process. */
export function createRemoteDirectory(client: InternalClient): KeyDirectory {
  return {
    async findDevices(deviceIds) {
      if (deviceIds.length === 0) return new Map()
      const { devices } = await client.call('findDevices', { deviceIds: [...deviceIds] })
      return new Map(devices.map(device => [device.deviceId, device]))
    },
    async findDeletedAccounts(accountIds) {
      if (accountIds.length === 0) return new Set()
      const found = await client.call('findDeletedAccounts', { accountIds: [...accountIds] })
      return new Set(found.accountIds)
    },
  }
}

/** The envelope of a keys service in another process; data keys stay there. */
export function createRemoteEnvelope(client: InternalClient, sealer: 'auth' | 'chat'): Envelope {
  return {
    seal: async values => (await client.call('sealValues', { sealer, values: [...values] })).values,
    open: async values => (await client.call('openValues', { sealer, values: [...values] })).values,
  }
}

/** The signing keys of a keys service in another process; the private ones stay there. */
export function createRemoteTokenKeys(client: InternalClient, clock: Pick<Clock, 'now'>): TokenKeys {
  const sets = createBeliefs<'all', { readonly keys: readonly JWK[] }>(clock)
  const read = (believedMs: number) => sets.ask('all', believedMs, () => client.call('readTokenKeys', {}))
  const find = async (kid: string, believedMs: number) =>
    (await read(believedMs)).keys.find(key => key.kid === kid)
  return {
    async sign(claims, type) {
      const plain = Object.fromEntries(
        Object.entries(claims).filter(
          (entry): entry is [string, string | number] =>
            typeof entry[1] === 'string' || typeof entry[1] === 'number',
        ),
      )
      return (await client.call('signToken', { claims: plain, type })).token
    },
    publicKey: async kid =>
      (await find(kid, KEYS_BELIEVED_MS)) ?? (await find(kid, KEYS_BELIEVED_LACKING_MS)),
    jwks: () => read(KEYS_BELIEVED_MS),
  }
}

/** The chat service in another process. */
export function createRemoteChatAccounts(client: InternalClient, log: Log): ChatAccounts {
  return {
    async accountDeleted(accountId) {
      await client.call('accountDeleted', { accountId })
    },
    async accountReset(accountId) {
      await client.call('accountReset', { accountId })
    },
    sessionsEnded(sessionIds) {
      // Chat asks every few seconds for those that have ended lately: this is only faster.
      client
        .call('sessionsEnded', { sessionIds: [...sessionIds] })
        .catch(error => log.warn('chat not told of ended sessions', describeError(error)))
    },
    async deviceRevoked(deviceId) {
      await client.call('deviceRevoked', { deviceId })
    },
  }
}

type Here = {
  readonly sessions: SessionVerifier | undefined
  readonly tokenKeys: TokenKeys | undefined
  readonly envelopeOf: ((sealer: 'auth' | 'chat') => Envelope) | undefined
  readonly directory: KeyDirectory | undefined
  readonly accounts: ChatAccounts | undefined
}

/** What this process answers for the others. */
export function createInternalHandlers(here: Here): InternalHandlers {
  const { sessions, tokenKeys, envelopeOf, directory, accounts } = here
  return {
    ...(sessions && {
      verifySession: ({ token }) => sessions.verify(token),
      isSessionActive: async ({ sessionId }) => ({ active: await sessions.isActive(sessionId) }),
      readEndedSessions: async () => ({ sessionIds: [...(await sessions.readEnded())] }),
    }),
    ...(tokenKeys && {
      signToken: async ({ claims, type }) => ({ token: await tokenKeys.sign(claims, type) }),
      readTokenKeys: async () => {
        const { keys } = await tokenKeys.jwks()
        return { keys: keys.map(key => ({ ...key, kty: key.kty ?? '', kid: key.kid ?? '' })) }
      },
    }),
    ...(envelopeOf && {
      sealValues: async ({ sealer, values }) => ({ values: [...(await envelopeOf(sealer).seal(values))] }),
      openValues: async ({ sealer, values }) => ({ values: [...(await envelopeOf(sealer).open(values))] }),
    }),
    ...(directory && {
      findDevices: async ({ deviceIds }) => ({
        devices: [...(await directory.findDevices(deviceIds)).values()],
      }),
      findDeletedAccounts: async ({ accountIds }) => ({
        accountIds: [...(await directory.findDeletedAccounts(accountIds))],
      }),
    }),
    ...(accounts && {
      accountDeleted: async ({ accountId }) => {
        await accounts.accountDeleted(accountId)
        return {}
      },
      accountReset: async ({ accountId }) => {
        await accounts.accountReset(accountId)
        return {}
      },
      sessionsEnded: async ({ sessionIds }) => {
        accounts.sessionsEnded(sessionIds)
        return {}
      },
      deviceRevoked: async ({ deviceId }) => {
        await accounts.deviceRevoked(deviceId)
        return {}
      },
    }),
  } satisfies InternalHandlers
}
