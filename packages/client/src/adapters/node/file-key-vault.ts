import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { KeyVault } from '../../ports/key-vault.ts'

const KEY_BYTES = 32

async function readKey(path: string): Promise<Uint8Array | undefined> {
  try {
    const key = await readFile(path)
    if (key.length !== KEY_BYTES) throw new Error(`${path} does not hold a key`)
    return new Uint8Array(key)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Complete or not there at all, whenever the process dies; the first of two writers wins. */
async function writeKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(KEY_BYTES))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** The store's key in a file that only its owner may read. */
export const createFileKeyVault = (path: string): KeyVault => ({
  async storeKey() {
    const known = await readKey(path)
    if (known !== undefined) return known
    await writeKey(path)
    const written = await readKey(path)
    if (written === undefined) throw new Error(`${path} cannot be written`)
    return written
  },
})
