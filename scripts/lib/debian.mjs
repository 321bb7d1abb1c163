import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

export const canRun = path => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of the first of these programs that is here, or undefined. */
export function findProgram(...names) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/sbin']
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(canRun)
}

let isUpToDate = false

/** On Debian and its relatives, as root, installs packages; elsewhere false. Throws what apt-get said when it fails. */
export async function installPackages(...names) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !canRun('/usr/bin/apt-get')) return false
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const aptGet = (...args) => run('apt-get', args, { quiet: true, env })
  const update = isUpToDate ? { output: '' } : await aptGet('update', '-qq')
  isUpToDate = true
  const install = await aptGet('install', '-y', '-qq', '--no-install-recommends', ...names)
  if (install.code !== 0) throw new Error(`${update.output}${install.output}`)
  return true
}
