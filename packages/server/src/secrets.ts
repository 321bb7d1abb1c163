import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './sync-folder.ts'

/**
 * Secrets that the server makes for itself at its first start: a file each, readable by its user only.
 * They are outside the databases, so that a copy of those opens nothing.
 */
export type SecretStore = {
  /** The secret of that name; `create` gives it where there is none yet. */
  readOrCreate(name: string, create: () => string | Promise<string>): Promise<string>
  /** Throws where there is none. */
  read(name: string): Promise<string>
  /** Also where there is none. */
  remove(name: string): Promise<void>
}

export function createFileSecretStore(folder: string): SecretStore {
  return {
    read: name => readFile(join(folder, name), 'utf8'),
    remove: name =>
      rm(join(folder, name), { force: true }).catch(error => {
        // Mounted for reading alone, it is kept by whoever mounts it.
        if (error.code !== 'EROFS') throw error
      }),
    async readOrCreate(name, create) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = join(folder, name)
      const present = await readFile(path, 'utf8').catch(error => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      if (present !== undefined) return present
      // Written beside and linked into place: a crash leaves no half of a secret, and of two starters one wins.
      const draft = `${path}.${randomBytes(6).toString('hex')}`
      const file = await open(draft, 'wx', 0o600)
      try {
        await file.writeFile(await create())
        await file.sync()
      } finally {
        await file.close()
      }
      await link(draft, path).catch(error => {
        if (error.code !== 'EEXIST') throw error
      })
      await rm(draft)
      // What is sealed with it may be stored the next moment: it must not be the secret that a power cut takes.
      await syncFolder(folder)
      return readFile(path, 'utf8')
    },
  }
}

export const randomSecret = (): string => randomBytes(32).toString('base64url')
