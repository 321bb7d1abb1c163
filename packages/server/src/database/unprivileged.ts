import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** How to start a program of PostgreSQL's: as we are, or, since it refuses root, as somebody else. */
export type RunAs =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'setpriv'; readonly uid: number; readonly gid: number; readonly setpriv: string }

type Command = {
  readonly file: string
  readonly args: readonly string[]
  readonly identity: { readonly uid?: number; readonly gid?: number }
}

const CANDIDATES = ['postgres', 'nobody']
const SETPRIV_PATHS = ['/usr/bin/setpriv', '/bin/setpriv']

async function findUser(): Promise<{ uid: number; gid: number } | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map(line => line.split(':'))
  for (const candidate of CANDIDATES) {
    const line = lines.find(([name]) => name === candidate)
    if (line !== undefined) return { uid: Number(line[2]), gid: Number(line[3]) }
  }
  return undefined
}

/** The command line for one program under the given identity; never a shell. */
export function commandAs(runAs: RunAs, file: string, args: readonly string[]): Command {
  switch (runAs.kind) {
    case 'self':
      return { file, args, identity: {} }
    case 'user':
      return { file, args, identity: { uid: runAs.uid, gid: runAs.gid } }
    case 'setpriv':
      return {
        file: runAs.setpriv,
        args: [
          `--reuid=${runAs.uid}`,
          `--regid=${runAs.gid}`,
          '--clear-groups',
          '--inh-caps=-all,+dac_read_search',
          '--ambient-caps=-all,+dac_read_search',
          '--bounding-set=-all,+dac_read_search',
          file,
          ...args,
        ],
        identity: {},
      }
  }
}

/** May this user enter every folder on the way to the path? */
async function canReach(path: string, user: { uid: number; gid: number }): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function runs(runAs: RunAs, file: string, args: readonly string[]): Promise<boolean> {
  const command = commandAs(runAs, file, args)
  return new Promise(resolve => {
    const child = spawn(command.file, command.args, { ...command.identity, stdio: 'ignore' })
    child.on('error', () => resolve(false))
    child.on('exit', code => resolve(code === 0))
  })
}

/**
 * Root starts the database as the user `postgres`, else as `nobody`. Where that user cannot reach the
 * folders, as below /root, it is given the one capability to look through directories.
 */
export async function chooseRunAs(postgres: string, dataFolder: string): Promise<RunAs> {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return { kind: 'self' }
  const user = await findUser()
  if (user === undefined) {
    throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it.')
  }
  const inReach = (await canReach(postgres, user)) && (await canReach(`${dataFolder}/.`, user))
  if (inReach) return { kind: 'user', ...user }
  for (const setpriv of SETPRIV_PATHS.filter(path => existsSync(path))) {
    const withSearch: RunAs = { kind: 'setpriv', ...user, setpriv }
    if (await runs(withSearch, postgres, ['--version'])) return withSearch
  }
  throw new Error(
    `Running as root, PostgreSQL is started as another user, who cannot reach ${postgres} or ${dataFolder}. Start Entangle as an ordinary user, or keep it in a folder everybody may enter.`,
  )
}
