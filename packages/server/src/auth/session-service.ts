import { randomBytes } from 'node:crypto'
import { type AccountId, type DeviceId, ProtocolError, type Session } from '@entangle/protocol'
import type { Kysely } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { AnonymousCall } from '../http/route.ts'
import { type Revocation, revokeDevice } from '../keys/identity-store.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { Clock } from '../ports/clock.ts'
import type { SessionId, SessionVerifier } from '../ports/session-verifier.ts'
import type { AccessTokens } from './access-tokens.ts'
import { findSessionOfToken, insertRefreshToken, rotateRefreshToken } from './refresh-tokens.ts'
import type { SessionPlaces } from './session-places.ts'

export type SessionService = SessionVerifier & {
  /** Opens a session of a device that has proven itself; earlier sessions of the device end. */
  open(accountId: AccountId, deviceId: DeviceId, call: AnonymousCall): Promise<Session>
  refresh(call: AnonymousCall): Promise<Session>
  signOut(eraseDevice: boolean, call: AnonymousCall): Promise<void>
  /** After sessions were ended in the database: closes what they have open. */
  announceEnded(sessionIds: readonly SessionId[]): void
  /** After devices were revoked in the database: closes what they have open and drops what waits for them. */
  announceRevoked(revocation: Revocation): Promise<void>
  /** What is believed of sessions without asking the database. */
  forget(): void
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly tokens: AccessTokens
  readonly places: SessionPlaces
  readonly chat: ChatAccounts
  readonly clock: Clock
}

/** How long a session's state is believed before the database is asked again. */
const BELIEVE_MS = 4000
const BELIEF_LIMIT = 100_000
/** Much longer than anybody lets pass between two questions, and than transactions take or clocks differ. */
const ENDED_LATELY_MS = 60_000

type Belief = { readonly active: boolean; readonly since: number }

export async function endSessions(
  database: Kysely<UsersSchema>,
  column: 'account_id' | 'device_id' | 'id',
  id: Buffer,
  except?: SessionId,
): Promise<SessionId[]> {
  const ended = await database
    .updateTable('session')
    .set({ ended_at: new Date(), seen: null })
    .where(column, '=', id)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, query => query.where('id', '!=', idBytes(except ?? '')))
    .returning('id')
    .execute()
  return ended.map(row => idText<SessionId>(row.id))
}

/** Locks the device: a revocation comes wholly before the new session, which is then refused, or wholly after it. */
async function touchActiveDevice(work: Kysely<UsersSchema>, deviceId: DeviceId): Promise<void> {
  const device = await work
    .updateTable('device')
    .set({ last_seen_at: new Date() })
    .where('id', '=', idBytes(deviceId))
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (device === undefined) throw new ProtocolError('AUTH_DEVICE_UNKNOWN')
}

/** So that a person is told that the device was removed, and not only that something has ended. */
async function isOfRevokedDevice(database: Kysely<UsersSchema>, token: string): Promise<boolean> {
  const sessionId = await findSessionOfToken(database, token)
  if (sessionId === undefined) return false
  const device = await database
    .selectFrom('session')
    .innerJoin('device', 'device.id', 'session.device_id')
    .select('device.revoked_at')
    .where('session.id', '=', sessionId)
    .executeTakeFirst()
  return device !== undefined && device.revoked_at !== null
}

export function createSessionService(dependencies: Dependencies): SessionService {
  const { database, tokens, places, chat, clock } = dependencies
  const beliefs = new Map<SessionId, Belief>()
  let announcements = 0

  function announceEnded(sessionIds: readonly SessionId[]): void {
    announcements += 1
    for (const sessionId of sessionIds) beliefs.delete(sessionId)
    if (sessionIds.length > 0) chat.sessionsEnded(sessionIds)
  }

  async function isActive(sessionId: SessionId): Promise<boolean> {
    const belief = beliefs.get(sessionId)
    const age = clock.now() - (belief?.since ?? 0)
    // Below zero: the clock was set back, and nobody knows how old it is.
    if (belief !== undefined && age >= 0 && age < BELIEVE_MS) return belief.active
    const before = announcements
    const row = await database
      .selectFrom('session')
      .select('ended_at')
      .where('id', '=', idBytes(sessionId))
      .executeTakeFirst()
    const active = row !== undefined && row.ended_at === null
    if (beliefs.size >= BELIEF_LIMIT) beliefs.clear()
    // What was read while sessions ended may be older than their end.
    if (before === announcements) beliefs.set(sessionId, { active, since: clock.now() })
    return active
  }

  async function endSessionOf(token: string, eraseDevice: boolean): Promise<void> {
    const id = await findSessionOfToken(database, token)
    const session =
      id === undefined
        ? undefined
        : await database.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirst()
    // An ended session has no say over the device any more.
    if (session === undefined || session.ended_at !== null) return
    const deviceId = idText<DeviceId>(session.device_id)
    const ended = await database.transaction().execute(async work => {
      // The device before its sessions, as everywhere: two that lock in different orders wait in a circle.
      const others = eraseDevice ? await revokeDevice(work, deviceId) : []
      return [...others, ...(await endSessions(work, 'id', session.id))]
    })
    if (eraseDevice) await announceRevoked({ devices: [deviceId], sessions: ended })
    else announceEnded(ended)
  }

  async function describe(accountId: AccountId, deviceId: DeviceId, sessionId: SessionId): Promise<Session> {
    const account = await database
      .selectFrom('account')
      .select(['handle', 'display_name'])
      .where('id', '=', idBytes(accountId))
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (account === undefined) throw new ProtocolError('AUTH_TOKEN_INVALID')
    return {
      account: { accountId, handle: account.handle, displayName: account.display_name },
      deviceId,
      ...(await tokens.issue({ accountId, deviceId, sessionId })),
    }
  }

  async function noteSeen(sessionId: SessionId, call: AnonymousCall): Promise<void> {
    const id = idBytes(sessionId)
    const seen = await places.seal(id, call)
    await database
      .updateTable('session')
      .set({ seen })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .execute()
  }

  async function announceRevoked(revocation: Revocation): Promise<void> {
    announceEnded(revocation.sessions)
    await Promise.all(revocation.devices.map(deviceId => chat.deviceRevoked(deviceId)))
  }

  return {
    isActive,

    async readEnded() {
      const ended = await database
        .selectFrom('session')
        .select('id')
        .where('ended_at', '>', new Date(clock.now() - ENDED_LATELY_MS))
        .execute()
      return ended.map(row => idText<SessionId>(row.id))
    },

    announceEnded,
    announceRevoked,
    forget: () => beliefs.clear(),

    async verify(accessToken) {
      const session = await tokens.parse(accessToken)
      if (!(await isActive(session.sessionId))) throw new ProtocolError('AUTH_TOKEN_INVALID')
      return session
    },

    async open(accountId, deviceId, call) {
      const id = randomBytes(16)
      const seen = await places.seal(id, call)
      const { ended, refresh } = await database.transaction().execute(async work => {
        await touchActiveDevice(work, deviceId)
        const earlier = await endSessions(work, 'device_id', idBytes(deviceId))
        await work
          .insertInto('session')
          .values({ id, account_id: idBytes(accountId), device_id: idBytes(deviceId), seen })
          .execute()
        return { ended: earlier, refresh: await insertRefreshToken(work, id, null, clock.now()) }
      })
      announceEnded(ended)
      const session = await describe(accountId, deviceId, idText<SessionId>(id))
      call.setRefreshToken(refresh)
      return session
    },

    async refresh(call) {
      const token = call.refreshToken
      if (token === undefined) throw new ProtocolError('AUTH_REQUIRED')
      const rotation = await database.transaction().execute(async work => {
        const outcome = await rotateRefreshToken(work, token, clock.now())
        if (outcome.kind === 'reused') await endSessions(work, 'id', idBytes(outcome.sessionId))
        return outcome
      })
      switch (rotation.kind) {
        case 'invalid':
          call.setRefreshToken(undefined)
          throw new ProtocolError(
            (await isOfRevokedDevice(database, token)) ? 'AUTH_DEVICE_UNKNOWN' : 'AUTH_TOKEN_INVALID',
          )
        case 'reused':
          announceEnded([rotation.sessionId])
          call.setRefreshToken(undefined)
          throw new ProtocolError('AUTH_REFRESH_REUSED')
        case 'rotated': {
          const row = await database
            .selectFrom('session')
            .select(['account_id', 'device_id'])
            .where('id', '=', idBytes(rotation.sessionId))
            .executeTakeFirstOrThrow()
          call.setRefreshToken(rotation.next)
          // Apart from the rotation, which holds the session: others lock the device before its sessions.
          await touchActiveDevice(database, idText(row.device_id))
          await noteSeen(rotation.sessionId, call)
          return describe(idText(row.account_id), idText(row.device_id), rotation.sessionId)
        }
      }
    },

    async signOut(eraseDevice, call) {
      if (call.refreshToken !== undefined) await endSessionOf(call.refreshToken, eraseDevice)
      // Only now: without it a second try after one that failed would have nothing to end, and be told that all is well.
      call.setRefreshToken(undefined)
    },
  }
}
