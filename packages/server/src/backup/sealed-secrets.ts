import { createHash, createSecretKey, type KeyObject, scrypt } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { openUnderKey, sealUnderKey } from '../keys/one-key-seal.ts'

/**
 * What the server keeps outside its databases. With it a thief of the backup could make sessions for anybody, so
 * it is sealed. The seal covers the manifest as well, and by its hashes everything else: a backup in which
 * something was exchanged does not open.
 */
const secretsSchema = z.record(z.string().regex(/^[\w-]+$/), z.string())
export type Secrets = z.output<typeof secretsSchema>

const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 }
const stretch = promisify<string, Uint8Array, number, typeof COST, Buffer>(scrypt)

type Lock = { readonly passphrase: string; readonly salt: string }

const keyOf = async ({ passphrase, salt }: Lock): Promise<KeyObject> =>
  createSecretKey(await stretch(passphrase, Buffer.from(salt, 'base64url'), 32, COST))

const placeOf = (manifest: Uint8Array) => `backup ${createHash('sha256').update(manifest).digest('hex')}`

/** Passwords of the embedded database stay where they are: a restored one gets new ones. */
const isKept = (name: string) => /^[\w-]+$/.test(name) && !name.startsWith('postgres-')

const folderOf = (dataDir: string) => join(dataDir, 'secrets')

export async function readSecrets(dataDir: string): Promise<Secrets> {
  const folder = folderOf(dataDir)
  const secrets: Secrets = {}
  for (const name of (await readdir(folder)).filter(isKept)) {
    secrets[name] = await readFile(join(folder, name), 'utf8')
  }
  return secrets
}

export const sealSecrets = async (secrets: Secrets, manifest: Uint8Array, lock: Lock): Promise<Uint8Array> =>
  sealUnderKey(await keyOf(lock), Buffer.from(JSON.stringify(secrets)), placeOf(manifest))

/** Throws where the passphrase is another one, or where anything was changed. */
export async function openSecrets(sealed: Uint8Array, manifest: Uint8Array, lock: Lock): Promise<Secrets> {
  const plain = openUnderKey(await keyOf(lock), sealed, placeOf(manifest))
  return secretsSchema.parse(JSON.parse(plain.toString()))
}

export async function writeSecrets(dataDir: string, secrets: Secrets): Promise<void> {
  const folder = folderOf(dataDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(join(folder, name), secret, { mode: 0o600, flag: 'wx', flush: true })
  }
}
