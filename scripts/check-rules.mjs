import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from './lib/paths.mjs'

const PLACES = ['packages', 'apps', 'e2e']
const LEFT_OUT = new Set(['node_modules', 'dist', '.build', 'target', 'src'])
const IS_TEST = /\.(test|spec)\.tsx?$/
/** The numbers a title begins with: `test('P45 P61 a refused epoch …'`, quoted in any way, of `test.each` too. */
const TITLE = /\b(?:test|it|describe)\b[^'"`\n]*\(?\s*['"`]((?:P\d{2} )+)/g

async function* testFiles(folder, isE2e = false) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (isE2e || !LEFT_OUT.has(entry.name)) {
        if (entry.name !== 'node_modules' && entry.name !== '.build') yield* testFiles(path, isE2e)
      }
    } else if (IS_TEST.test(entry.name)) yield path
  }
}

/** Every rule of docs/protocol.md that is built is proved by a test, and no test cites a rule that is not there. */
export async function checkRules() {
  const document = await readFile(inRoot('docs', 'protocol.md'), 'utf8')
  const rules = [...document.matchAll(/^\*\*(P\d{2}) /gm)].map(([, rule]) => rule)
  const cited = new Map()
  for (const place of PLACES) {
    for await (const file of testFiles(inRoot(place), place === 'e2e')) {
      const text = await readFile(file, 'utf8')
      for (const [, numbers] of text.matchAll(TITLE)) {
        for (const rule of numbers.trim().split(' ')) cited.set(rule, file)
      }
    }
  }
  const unproved = rules.filter(rule => !cited.has(rule))
  const unknown = [...cited.keys()].filter(rule => !rules.includes(rule))
  if (rules.length !== new Set(rules).size) throw new Error('a rule number is used twice')
  if (unproved.length > 0) throw new Error(`no test begins its title with ${unproved.join(', ')}`)
  if (unknown.length > 0)
    throw new Error(
      `tests cite rules that are not there: ${unknown.map(rule => `${rule} in ${cited.get(rule)}`).join(', ')}`,
    )
  return `${rules.length} rules, each proved by a test`
}
