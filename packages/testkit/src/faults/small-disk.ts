import { execFile } from 'node:child_process'
import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CHUNK = Buffer.alloc(256 * 1024)

/** A file system of its own, small enough to be filled. */
export type SmallDisk = {
  readonly path: string
  /** Takes all that is left, but for so many bytes. */
  fill(leaveBytes: number): Promise<void>
  empty(): Promise<void>
  remove(): Promise<void>
}

/** Undefined where it may not be mounted: that takes Linux and root. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const path = await mkdtemp(join(tmpdir(), 'entangle-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=755`, 'entangle-test', path])
  } catch {
    await rmdir(path)
    return undefined
  }
  const filler = join(path, 'filler')
  return {
    path,
    async fill(leaveBytes) {
      const file = await open(filler, 'w')
      try {
        const { bavail, bsize } = await statfs(path)
        for (let left = bavail * bsize - leaveBytes; left > 0; left -= CHUNK.length) {
          await file.write(CHUNK, 0, Math.min(left, CHUNK.length))
        }
      } catch (error) {
        // The database was faster: it is full, which is what was wanted.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      } finally {
        await file.close()
      }
    },
    empty: () => rm(filler, { force: true }),
    async remove() {
      await run('umount', ['-l', path])
      await rmdir(path)
    },
  }
}
