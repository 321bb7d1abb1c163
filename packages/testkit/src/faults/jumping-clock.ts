import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createTempDir } from '../harness/temp-dir.ts'

/** A server's wall clock, set from outside. Its monotonic clock and PostgreSQL's clock stay as they are. */
export type JumpingClock = {
  /** To be given to the server process at its start. */
  readonly env: Readonly<Record<string, string>>
  /** From now on, and after every start, the clock is so far off. */
  jump(offsetMs: number, pid: number | undefined): Promise<void>
  remove(): Promise<void>
}

const PRELOAD = pathToFileURL(fileURLToPath(new URL('./jumping-clock-preload.mjs', import.meta.url)))

export async function createJumpingClock(): Promise<JumpingClock> {
  const folder = await createTempDir('clock')
  const file = join(folder.path, 'offset')
  await writeFile(file, '0')
  return {
    env: { NODE_OPTIONS: `--import=${PRELOAD.href}`, CLOCK_OFFSET_FILE: file },
    async jump(offsetMs, pid) {
      await writeFile(file, String(offsetMs))
      if (pid !== undefined) process.kill(pid, 'SIGUSR2')
    },
    remove: folder.remove,
  }
}
