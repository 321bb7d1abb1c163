import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { inRoot, ROOT } from './paths.mjs'
import { run } from './run.mjs'
import { Advice, inSeconds, say } from './say.mjs'

/** Everything that the web build reads. */
const SOURCES = [
  'apps/web',
  'packages/client/src',
  'packages/client/package.json',
  'packages/protocol/src',
  'packages/protocol/package.json',
  'packages/crypto/src',
  'packages/crypto/wasm',
  'packages/crypto/package.json',
  'package-lock.json',
]
const NOT_SOURCES = new Set(['node_modules', 'dist', '.build', 'test', 'README.md'])

/** Files below a path, sorted, so that the digest does not depend on the file system's order. */
function listFiles(path) {
  if (!existsSync(path)) return []
  const entries = readdirSync(path, { withFileTypes: true }).filter(
    entry => !NOT_SOURCES.has(entry.name) && !entry.name.endsWith('.tsbuildinfo'),
  )
  return entries
    .flatMap(entry => (entry.isDirectory() ? listFiles(join(path, entry.name)) : [join(path, entry.name)]))
    .sort()
}

function digestOfSources() {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    const path = inRoot(source)
    for (const file of /\.json$/.test(source) ? [path] : listFiles(path)) {
      const content = readFileSync(file)
      hash.update(`${relative(ROOT, file).split(sep).join('/')}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

/** Builds the web client when its sources have changed since the last build. */
export async function ensureWebBuild() {
  const stampPath = inRoot('.cache', 'web-build')
  const digest = digestOfSources()
  const isBuilt = existsSync(inRoot('apps', 'web', 'dist', 'index.html'))
  if (isBuilt && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === digest) return

  say('Building the web client …')
  const startedAt = performance.now()
  const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js')
  const { code, output } = await run(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: inRoot('apps', 'web'),
    quiet: true,
  })
  if (code !== 0) throw new Advice('The web client could not be built.', output.trim())
  mkdirSync(inRoot('.cache'), { recursive: true })
  writeFileSync(stampPath, digest)
  say(`The web client is built (${inSeconds(performance.now() - startedAt)}).`)
}
