import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import { type Kysely, sql } from 'kysely'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { KeyWrapper } from '../ports/key-wrapper.ts'
import type { SecretStore } from '../secrets.ts'

const generateKeys = promisify(generateKeyPair)
const MODULUS_BITS = 3072
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const
const LOCK_KEY = 0x456e_5772

type Parts = { readonly database: UsersDatabase; readonly secrets: SecretStore }

const nameOf = (version: number) => `wrapping-key-${String(version)}`

async function makePrivateKey(): Promise<string> {
  const { privateKey } = await generateKeys('rsa', { modulusLength: MODULUS_BITS })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const publicPart = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })

const readVersions = (work: Kysely<UsersSchema>) =>
  work.selectFrom('wrapping_key').selectAll().orderBy('version', 'desc').execute()

/** The private key first: a crash in between leaves a file that the next attempt takes. */
async function addVersion(work: Kysely<UsersSchema>, secrets: SecretStore, version: number): Promise<void> {
  const privateKey = createPrivateKey(await secrets.readOrCreate(nameOf(version), makePrivateKey))
  await work
    .insertInto('wrapping_key')
    .values({ version, public_key: publicPart(privateKey) })
    .execute()
}

/** RSA keys with OAEP and SHA-256: their private parts are files beside the database, each version one. */
export async function openFileKeyWrapper({ database, secrets }: Parts): Promise<KeyWrapper> {
  const opened = new Map<number, KeyObject>()

  /** Of several processes one makes it. */
  const addNext = (isWanted: (newest: number | undefined) => boolean) =>
    database.transaction().execute(async work => {
      await sql`SELECT pg_advisory_xact_lock(${LOCK_KEY})`.execute(work)
      const newest = (await readVersions(work))[0]?.version
      if (isWanted(newest)) await addVersion(work, secrets, (newest ?? 0) + 1)
    })

  async function privateKeyOf(version: number): Promise<KeyObject> {
    const known = opened.get(version)
    if (known !== undefined) return known
    const text = await secrets.read(nameOf(version)).catch(cause => {
      const lacking = `secrets/${nameOf(version)} cannot be read in DATA_DIR`
      throw new Error(`${lacking}: copy it from where this installation has it.`, { cause })
    })
    const key = createPrivateKey(text)
    opened.set(version, key)
    return key
  }

  /** Early, and not when the first value does not open. */
  async function assertHeld(version: number, publicKey: Uint8Array): Promise<void> {
    if (publicPart(await privateKeyOf(version)).equals(publicKey)) return
    throw new Error(`secrets/${nameOf(version)} in DATA_DIR is of another installation.`)
  }

  async function current(): Promise<number> {
    const [newest] = await readVersions(database)
    if (newest === undefined) throw new Error('there is no wrapping key')
    return newest.version
  }

  await addNext(newest => newest === undefined)
  const inUse = (await readVersions(database)).filter(({ retired_at }) => retired_at === null)
  for (const { version, public_key } of inUse) await assertHeld(version, public_key)

  return {
    current,
    async wrap(dataKey) {
      const version = await current()
      // Not what the database has for it: whoever can write there would choose who unwraps.
      const key = createPublicKey(await privateKeyOf(version))
      return { version, wrapped: publicEncrypt({ key, ...OAEP }, dataKey) }
    },
    async unwrap({ version, wrapped }) {
      return privateDecrypt({ key: await privateKeyOf(version), ...OAEP }, wrapped)
    },
    renew: () => addNext(() => true),
    async discard(version) {
      opened.delete(version)
      await secrets.remove(nameOf(version))
    },
  }
}
