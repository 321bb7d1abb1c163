import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inRoot } from './paths.mjs'
import { npm } from './run.mjs'
import { inSeconds, say } from './say.mjs'

const readJson = path => JSON.parse(readFileSync(path, 'utf8'))

/** Installs what the lock file names, unless it is there already. Install scripts never run. */
export async function ensureDependencies() {
  const lockPath = inRoot('package-lock.json')
  const stampPath = inRoot('node_modules', '.entangle-lock')
  const digest = createHash('sha256').update(readFileSync(lockPath)).digest('hex')
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === digest) return

  if (!isInstalled(readJson(lockPath).packages)) {
    say('Installing packages (only this time) …')
    const startedAt = performance.now()
    await npm(['ci', '--ignore-scripts', '--prefer-offline'], inRoot())
    say(`Packages are in place (${inSeconds(performance.now() - startedAt)}).`)
  }
  mkdirSync(dirname(stampPath), { recursive: true })
  writeFileSync(stampPath, digest)
}

/**
 * Whether npm's own record of node_modules agrees with the lock file. It spares whoever ran
 * `npm install` by hand a second installation.
 */
function isInstalled(wanted) {
  const recordPath = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(recordPath)) return false
  const present = readJson(recordPath).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    const found = present[path]
    if (!found) return entry.optional === true || entry.devOptional === true
    return entry.link ? found.link === true : found.version === entry.version
  })
}
