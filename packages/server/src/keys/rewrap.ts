import type { UsersDatabase } from '../database/users-schema.ts'
import type { KeyWrapper, WrappedKey } from '../ports/key-wrapper.ts'

type Parts = { readonly database: UsersDatabase; readonly wrapper: KeyWrapper }

/** Data keys of one transaction: a kill loses the work on no more than these. */
const BATCH = 20

/** Answers with how many it has come across. Nothing is locked while the keys are asked for: they may be far away. */
async function rewrapSome({ database, wrapper }: Parts, current: number): Promise<number> {
  const rows = await database
    .selectFrom('data_key')
    .select(['id', 'wrapping_version', 'wrapped'])
    .where('wrapping_version', '<', current)
    .orderBy('wrapping_version')
    .orderBy('id')
    .limit(BATCH)
    .execute()
  const anew: { id: Buffer; from: number; next: WrappedKey }[] = []
  for (const { id, wrapping_version, wrapped } of rows) {
    const bytes = await wrapper.unwrap({ version: wrapping_version, wrapped })
    anew.push({ id, from: wrapping_version, next: await wrapper.wrap(bytes) })
  }
  await database.transaction().execute(async work => {
    for (const { id, from, next } of anew) {
      await work
        .updateTable('data_key')
        .set({ wrapping_version: next.version, wrapped: next.wrapped })
        .where('id', '=', id)
        // Of several processes that are at it one is the first.
        .where('wrapping_version', '=', from)
        .execute()
    }
  })
  return rows.length
}

/** The row is locked, so that nobody wraps under it between the look and the end. */
const retire = ({ database }: Parts, version: number): Promise<void> =>
  database.transaction().execute(async work => {
    const locked = work.selectFrom('wrapping_key').select('version').where('version', '=', version)
    await locked.forUpdate().execute()
    const used = await work
      .selectFrom('data_key')
      .select('id')
      .where('wrapping_version', '=', version)
      .limit(1)
      .executeTakeFirst()
    if (used !== undefined) return
    await work
      .updateTable('wrapping_key')
      .set({ retired_at: new Date() })
      .where('version', '=', version)
      .where('retired_at', 'is', null)
      .execute()
  })

const olderVersions = ({ database }: Parts, current: number) =>
  database.selectFrom('wrapping_key').selectAll().where('version', '<', current).orderBy('version').execute()

/** Was a wrapping key made that does not wrap everything yet? */
export async function isRewrapUnfinished(parts: Parts): Promise<boolean> {
  const older = await olderVersions(parts, await parts.wrapper.current())
  return older.some(({ retired_at }) => retired_at === null)
}

/**
 * Wraps all data keys under the current version, and then lets go of the earlier ones. What they have sealed stays as
 * it is. It may be cut off anywhere and begun again, also by several at once. Answers with how many there were.
 */
export async function rewrapDataKeys(parts: Parts): Promise<number> {
  const current = await parts.wrapper.current()
  let count = 0
  for (;;) {
    const some = await rewrapSome(parts, current)
    if (some === 0) break
    count += some
  }
  for (const { version } of await olderVersions(parts, current)) await retire(parts, version)
  // Also those of a run that was cut off between the two.
  for (const { version, retired_at } of await olderVersions(parts, current))
    if (retired_at !== null) await parts.wrapper.discard(version)
  return count
}
