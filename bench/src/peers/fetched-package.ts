import { execFile } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/**
 * A package that only a benchmark needs, fetched once into a folder of its own: the project does not depend on it.
 * Answers with its folder, or with nothing where it cannot be had.
 */
export async function fetchPackage(name: string, version: string): Promise<string | undefined> {
  const place = join(tmpdir(), 'entangle-bench-peers', `${name}-${version}`)
  const folder = join(place, 'node_modules', name)
  if (await isThere(folder)) return folder
  await mkdir(place, { recursive: true })
  const wanted = ['install', '--prefix', place, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  return run('npm', [...wanted, `${name}@${version}`], { timeout: 120_000 }).then(
    () => folder,
    () => undefined,
  )
}
