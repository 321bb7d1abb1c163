import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { ROOT } from './paths.mjs'

/** Who imports whom, read from the sources themselves: no compiler, so it sees type-only imports as well. */

const SKIPPED = new Set(['node_modules', 'dist', '.build', 'target', 'wasm', 'rust', 'coverage'])
const SOURCE = /\.(ts|tsx|mts|mjs|js)$/

const FORMS = [
  /^\s*(import|export)\s+(type\s)?[^'"`;]*?\bfrom\s*['"]([^'"\n]+)['"]/gm,
  /^\s*(import)(\s)*['"]([^'"\n]+)['"]/gm,
  /\b(import)(\s)*\(\s*['"]([^'"\n]+)['"]/g,
  /\b(new URL)(\s)*\(\s*['"](\.[^'"\n]+\.[jt]sx?)['"]\s*,\s*import\.meta\.url/g,
]

/** Comments may quote an import; text inside strings that looks like a comment is not worth a parser. */
const withoutComments = text => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

function importsOf(file) {
  const text = withoutComments(readFileSync(file, 'utf8'))
  // Only `import type` and `export type` vanish whole; a type inside braces leaves the import standing.
  return FORMS.flatMap(form =>
    [...text.matchAll(form)].map(match => ({
      specifier: match[3].split('?')[0],
      typeOnly: Boolean(match[2]?.trim()),
    })),
  )
}

function listSources(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : listSources(path)
    return SOURCE.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}

/** The workspaces of the project with their manifest and their source files. */
export function readWorkspaces() {
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const folders = workspaces.flatMap(pattern => {
    if (!pattern.endsWith('/*')) return [join(ROOT, pattern)]
    const parent = join(ROOT, pattern.slice(0, -2))
    return existsSync(parent) ? readdirSync(parent).map(name => join(parent, name)) : []
  })
  return folders
    .filter(folder => existsSync(join(folder, 'package.json')))
    .map(folder => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
      files: listSources(folder).map(path => ({ path, imports: importsOf(path) })),
    }))
}

export const pathInProject = path => relative(ROOT, path).split(sep).join('/')

export const resolveRelative = (fromFile, specifier) => resolve(dirname(fromFile), specifier)
