import { type DeviceId, LIMITS } from '@entangle/protocol'
import { type Kysely, sql } from 'kysely'
import type { ChatDatabase, ChatSchema } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { lockAccountStore } from './account-store.ts'
import type { Publisher } from './routing/router.ts'

/** Sealed letters between devices of one account. */
export type LetterService = {
  send(session: DeviceSession, request: RequestOf<'sendDeviceLetters'>): Promise<void>
  list(session: DeviceSession): Promise<AnswerOf<'listDeviceLetters'>>
  settle(session: DeviceSession, request: RequestOf<'settleDeviceLetter'>): Promise<void>
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly directory: KeyDirectory
  readonly router: Publisher
}

export function createLetterService({ database, directory, router }: Dependencies): LetterService {
  return {
    async send({ accountId, deviceId }, request) {
      const devices = await directory.findDevices(request.letters.map(letter => letter.deviceId))
      const letters = request.letters.filter(letter => {
        const device = devices.get(letter.deviceId)
        return device?.accountId === accountId && !device.revoked && letter.deviceId !== deviceId
      })
      if (letters.length === 0) return
      await database.transaction().execute(async work => {
        await lockAccountStore(work, accountId)
        for (const letter of letters) {
          const device_id = idBytes(letter.deviceId)
          await work
            .insertInto('device_letter')
            .values({ account_id: idBytes(accountId), device_id, letter: letter.letter })
            .execute()
          await sql`
            DELETE FROM device_letter WHERE device_id = ${device_id} AND id <= (
              SELECT id FROM device_letter WHERE device_id = ${device_id}
              ORDER BY id DESC OFFSET ${LIMITS.lettersPerDevice} LIMIT 1)`.execute(work)
        }
      })
      router.publish([{ kind: 'letter', deviceIds: letters.map(letter => letter.deviceId) }])
    },

    async list({ deviceId }) {
      const rows = await database
        .selectFrom('device_letter')
        .select(['id', 'letter'])
        .where('device_id', '=', idBytes(deviceId))
        .orderBy('id')
        .execute()
      return { letters: rows.map(({ id, letter }) => ({ letterId: id, letter })) }
    },

    async settle({ deviceId }, { letterId }) {
      await database
        .deleteFrom('device_letter')
        .where('device_id', '=', idBytes(deviceId))
        .where('id', '=', letterId)
        .execute()
    },
  }
}

/** What waits for a device that gave up its place. */
export async function dropLetters(database: Kysely<ChatSchema>, deviceId: DeviceId): Promise<void> {
  await database.deleteFrom('device_letter').where('device_id', '=', idBytes(deviceId)).execute()
}
