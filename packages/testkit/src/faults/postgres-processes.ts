import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The process that started all others of a data folder's PostgreSQL; undefined while none runs. */
export async function findPostmaster(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

/** Its processes that serve connections to the named database. */
export async function findBackends(dataDir: string, database: string): Promise<number[]> {
  const postmaster = await findPostmaster(dataDir)
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap(line => {
    const [pid, parent, ...words] = line.trim().split(/\s+/)
    return Number(parent) === postmaster && words.includes(database) ? [Number(pid)] : []
  })
}

/** Without a chance to tidy up. False where there was nothing to end. */
export function kill9(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
