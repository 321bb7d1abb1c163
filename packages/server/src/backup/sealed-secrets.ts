import { createHash, scrypt } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { createFileKeyEnvelope, type Envelope } from '../keys/envelope.ts'

/**
 * What the server keeps outside its databases. With it a thief of the backup could make sessions for anybody, so
 * it is sealed. The seal covers the manifest as well, and by its hashes everything else: a backup in which
 * something was exchanged does not open.
 */
const secretsSchema = z.record(z.string().regex(/^[\w-]+$/), z.string())
type Secrets = z.output<typeof secretsSchema>

const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 }
const stretch = promisify<string, Uint8Array, number, typeof COST, Buffer>(scrypt)

const open = async (passphrase: string, salt: string): Promise<Envelope> =>
  createFileKeyEnvelope(await stretch(passphrase, Buffer.from(salt, 'base64url'), 32, COST))

const placeOf = (manifest: Uint8Array) => `backup ${createHash('sha256').update(manifest).digest('hex')}`

/** Passwords of the embedded database stay where they are: a restored one gets new ones. */
const isKept = (name: string) => /^[\w-]+$/.test(name) && !name.startsWith('postgres-')

const folderOf = (dataDir: string) => join(dataDir, 'secrets')

export async function sealSecrets(
  dataDir: string,
  manifest: Uint8Array,
  { passphrase, salt }: { readonly passphrase: string; readonly salt: string },
): Promise<Uint8Array> {
  const folder = folderOf(dataDir)
  const secrets: Secrets = {}
  for (const name of (await readdir(folder)).filter(isKept)) {
    secrets[name] = await readFile(join(folder, name), 'utf8')
  }
  const envelope = await open(passphrase, salt)
  return envelope.seal(Buffer.from(JSON.stringify(secrets)), placeOf(manifest))
}

/** Throws where the passphrase is another one, or where anything was changed. */
export async function openSecrets(
  sealed: Uint8Array,
  manifest: Uint8Array,
  { passphrase, salt }: { readonly passphrase: string; readonly salt: string },
): Promise<Secrets> {
  const envelope = await open(passphrase, salt)
  const plain = await envelope.open(sealed, placeOf(manifest))
  return secretsSchema.parse(JSON.parse(Buffer.from(plain).toString()))
}

export async function writeSecrets(dataDir: string, secrets: Secrets): Promise<void> {
  const folder = folderOf(dataDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(join(folder, name), secret, { mode: 0o600, flag: 'wx', flush: true })
  }
}
