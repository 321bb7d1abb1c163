import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TempDir = {
  readonly path: string
  remove(): Promise<void>
}

/** A new empty folder; a process that is just ending may still write to it, so removal tries again. */
export async function createTempDir(name: string): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), `entangle-${name}-`))
  return {
    path,
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}
