import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inRoot } from './lib/paths.mjs'
import { underOurRuntime } from './lib/runtime.mjs'
import { Advice, runMain, say } from './lib/say.mjs'

/**
 * The error catalogue (packages/protocol/src/errors.ts) and its page (docs/errors.md) say the same,
 * both ways. `--write` brings the table on the page up to date; the words around it are by hand.
 */
const PAGE = 'docs/errors.md'
const HEAD = '| code | number | status | try again | meaning |\n|---|---|---|---|---|\n'
const ROW = /^\| `([A-Z_]+)` \|.*$/gm

const rowOf = (code, entry) =>
  `| \`${code}\` | ${entry.number} | ${entry.status} | ${entry.retry} | ${entry.message} |`

async function readCatalogue() {
  const { ERRORS } = await import(pathToFileURL(inRoot('packages', 'protocol', 'src', 'errors.ts')).href)
  return ERRORS
}

export async function checkErrors() {
  const catalogue = await readCatalogue()
  const page = existsSync(inRoot(PAGE)) ? readFileSync(inRoot(PAGE), 'utf8') : ''
  const documented = new Map([...page.matchAll(ROW)].map(match => [match[1], match[0]]))
  const breaches = []
  const numbers = new Map()
  for (const [code, entry] of Object.entries(catalogue)) {
    if (!documented.has(code)) breaches.push(`${code} is not in ${PAGE}`)
    else if (documented.get(code) !== rowOf(code, entry))
      breaches.push(`${PAGE} says something else about ${code}`)
    if (numbers.has(entry.number))
      breaches.push(`${code} and ${numbers.get(entry.number)} share number ${entry.number}`)
    numbers.set(entry.number, code)
  }
  for (const code of documented.keys()) {
    if (!(code in catalogue)) breaches.push(`${PAGE} lists ${code}, which does not exist`)
  }
  if (breaches.length > 0) {
    throw new Advice(breaches.join('\n'), 'Run: node scripts/check-errors.mjs --write')
  }
  return `${documented.size} codes`
}

async function writePage() {
  const catalogue = await readCatalogue()
  const rows = Object.entries(catalogue).map(([code, entry]) => rowOf(code, entry))
  const page = readFileSync(inRoot(PAGE), 'utf8')
  const start = page.indexOf(HEAD)
  if (start < 0) throw new Advice(`${PAGE} has lost the head of its table.`)
  const rest = page.slice(start + HEAD.length).replace(/^(\|.*\n)*/, '')
  writeFileSync(inRoot(PAGE), `${page.slice(0, start)}${HEAD}${rows.join('\n')}\n${rest}`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const code = await underOurRuntime()
    if (code !== undefined) return code
    if (process.argv.includes('--write')) await writePage()
    say(`error catalogue: ${await checkErrors()}`)
  })
}
