import { createSecretKey } from 'node:crypto'
import type { UsersDatabase } from '../database/users-schema.ts'
import { type Envelope, sealOne } from '../ports/envelope.ts'
import type { SecretStore } from '../secrets.ts'
import { isOneKeySeal, openUnderKey } from './one-key-seal.ts'
import { signingKeyPlace } from './signing-keys.ts'

type Parts = { readonly database: UsersDatabase; readonly secrets: SecretStore }

/** What has sealed signing keys before there were data keys. */
const SECRET = 'wrapping-key'

async function readFirstForm({ database }: Parts) {
  const rows = await database.selectFrom('signing_key').select(['kid', 'sealed']).execute()
  return rows.filter(({ sealed }) => isOneKeySeal(sealed))
}

/** Signing keys that an earlier version has sealed get the form of today. */
export async function resealFirstForm(parts: Parts & { readonly envelope: Envelope }): Promise<void> {
  const { database, secrets, envelope } = parts
  const rows = await readFirstForm(parts)
  if (rows.length === 0) return
  const key = createSecretKey(Buffer.from(await secrets.read(SECRET), 'base64url'))
  for (const { kid, sealed } of rows) {
    const place = signingKeyPlace(kid)
    const anew = await sealOne(envelope, place, openUnderKey(key, sealed, place))
    await database
      .updateTable('signing_key')
      .set({ sealed: anew })
      .where('kid', '=', kid)
      .where('sealed', '=', sealed)
      .execute()
  }
}

/** Once nothing needs it any more. Not at a start: a process of the earlier version may still be there beside this one. */
export async function discardFirstFormKey(parts: Parts): Promise<void> {
  if ((await readFirstForm(parts)).length === 0) await parts.secrets.remove(SECRET)
}
