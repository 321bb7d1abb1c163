import { readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pathInProject, readWorkspaces, resolveRelative } from './lib/import-graph.mjs'
import { inRoot } from './lib/paths.mjs'
import { Advice, runMain, say } from './lib/say.mjs'

/** What product code of each workspace may import of ours. `@entangle/testkit` is for tests alone. */
const ALLOWED = {
  '@entangle/protocol': [],
  '@entangle/crypto': [],
  '@entangle/client': ['@entangle/protocol', '@entangle/crypto'],
  '@entangle/server': ['@entangle/protocol', '@entangle/crypto/verify'],
  '@entangle/web': ['@entangle/client', '@entangle/protocol'],
  '@entangle/cli': ['@entangle/client', '@entangle/protocol'],
  '@entangle/testkit': ['@entangle/client', '@entangle/protocol', '@entangle/crypto', '@entangle/server'],
  '@entangle/model': [
    '@entangle/testkit',
    '@entangle/client',
    '@entangle/protocol',
    '@entangle/crypto',
    '@entangle/server',
  ],
  '@entangle/e2e': ['@entangle/testkit', '@entangle/client', '@entangle/protocol'],
}

/** Never, not even in a test: the interface has no hand in cryptography. */
const FORBIDDEN = { '@entangle/web': '@entangle/crypto' }

/** The page takes types alone from these: a single value would bring all schemas and the codec into its first script. */
const TYPES_ONLY = { '@entangle/web': ['@entangle/protocol', '@entangle/client'] }

/** These run in a browser worker as well as in Node: what differs is an adapter. */
const PORTABLE = new Set(['@entangle/protocol', '@entangle/crypto', '@entangle/client'])

const isTest = path => /\/(test|e2e|bench|packages\/(testkit|model))\/|\.(test|spec)\.tsx?$/.test(path)
const isNodeAdapter = path => /\/src\/adapters\/node\//.test(path)
const isConfig = path => /\/[\w.-]+\.config\.(ts|mjs|js)$/.test(path)
const packageOf = specifier => specifier.match(/^(@[^/]+\/[^/]+|[^/]+)/)[0]

/** Whether `specifier` is an entry that the package itself offers. */
function isExported(manifest, specifier) {
  const entry = specifier === manifest.name ? '.' : `.${specifier.slice(manifest.name.length)}`
  return Object.keys(manifest.exports ?? {}).some(key =>
    key.includes('*')
      ? entry.startsWith(key.split('*')[0]) && entry.endsWith(key.split('*')[1])
      : key === entry,
  )
}

const isUnder = (specifier, allowed) => specifier === allowed || specifier.startsWith(`${allowed}/`)

/** Breaches of one import, in words. */
function* judgeOurs(workspace, path, { specifier, typeOnly }, byName) {
  const { name } = workspace.manifest
  const target = byName.get(packageOf(specifier))
  if (!target) return yield `there is no package ${packageOf(specifier)}`
  if (!isExported(target.manifest, specifier))
    yield `${specifier} is not among the exports of ${target.manifest.name}`
  if (FORBIDDEN[name] && isUnder(specifier, FORBIDDEN[name]))
    return yield `${name} never imports ${FORBIDDEN[name]}`
  if (isTest(path) || target === workspace) return
  if (target.manifest.name === '@entangle/testkit') return yield 'only tests import @entangle/testkit'
  const allowed = ALLOWED[name] ?? []
  const fits = allowed.some(entry =>
    // An entry of a package that names a sub-path allows that one alone.
    entry.split('/').length > 2 ? specifier === entry : isUnder(specifier, entry),
  )
  if (!fits) yield `${name} may not import ${specifier}`
  if (!typeOnly && TYPES_ONLY[name]?.includes(specifier))
    yield `${name} imports only types from ${specifier}: values have entries of their own`
}

function* judgeForeign(workspace, path, specifier, root) {
  if (specifier.startsWith('node:')) {
    const isProduct = path.includes('/src/') && !isTest(path)
    if (PORTABLE.has(workspace.manifest.name) && isProduct && !isNodeAdapter(path)) {
      yield `${specifier}: ${workspace.manifest.name} knows no Node outside src/adapters/node`
    }
    return
  }
  const { dependencies = {}, devDependencies = {} } = workspace.manifest
  const name = packageOf(specifier)
  const isDeclared =
    name in dependencies ||
    ((isTest(path) || isConfig(path) || path.includes('/scripts/')) &&
      (name in devDependencies || name in root.devDependencies))
  if (!isDeclared) yield `${name} is not a dependency of ${workspace.manifest.name}`
}

function* judge(workspace, file, entry, byName, root) {
  const path = `/${pathInProject(file.path)}`
  const { specifier } = entry
  if (specifier.startsWith('.')) {
    const target = resolveRelative(file.path, specifier)
    if (!target.startsWith(workspace.folder + sep)) yield `${specifier} leaves the package`
    return
  }
  if (specifier.startsWith('#') || specifier.startsWith('virtual:') || specifier.startsWith('/')) return
  if (specifier.startsWith('@entangle/')) yield* judgeOurs(workspace, path, entry, byName)
  else if (!entry.typeOnly || !isTest(path)) yield* judgeForeign(workspace, path, specifier, root)
}

/** Circles of value imports inside one workspace, each told once. */
function findCycles(workspace) {
  const next = new Map(
    workspace.files.map(file => [
      file.path,
      file.imports
        .filter(entry => entry.specifier.startsWith('.') && !entry.typeOnly)
        .map(entry => resolveRelative(file.path, entry.specifier)),
    ]),
  )
  const state = new Map()
  const cycles = []
  const visit = (path, trail) => {
    if (state.get(path) === 'done' || !next.has(path)) return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].map(pathInProject).join(' → '))
      return
    }
    state.set(path, 'open')
    for (const target of next.get(path)) visit(target, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of next.keys()) visit(path, [])
  return cycles
}

/** All breaches of the house rules; an empty list is a pass. */
export function findBreaches(workspaces, root) {
  const byName = new Map(workspaces.map(workspace => [workspace.manifest.name, workspace]))
  const breaches = []
  for (const workspace of workspaces) {
    for (const file of workspace.files) {
      for (const entry of file.imports) {
        for (const reason of judge(workspace, file, entry, byName, root)) {
          breaches.push(`${pathInProject(file.path)}: ${reason}`)
        }
      }
    }
    for (const cycle of findCycles(workspace)) breaches.push(`circular import: ${cycle}`)
  }
  return breaches
}

export async function checkBoundaries() {
  const root = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  const workspaces = readWorkspaces()
  const breaches = findBreaches(workspaces, root)
  if (breaches.length > 0)
    throw new Advice(`${breaches.join('\n')}`, 'The rules stand in docs/architecture.md.')
  return `${workspaces.reduce((sum, workspace) => sum + workspace.files.length, 0)} files`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => say(`boundaries: ${await checkBoundaries()}`))
}
