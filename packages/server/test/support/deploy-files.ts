import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

/** A file of `deploy/`, or of the root by `../`. */
export const deployPath = (path: string): string =>
  fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url))
export const isDeployed = (path: string): boolean => existsSync(deployPath(path))
export const readDeployed = (path: string): string => readFileSync(deployPath(path), 'utf8')

/** As Go programs read it: `0440` is octal, and `<<` merges. */
export const readYaml = (path: string): unknown[] =>
  parseAllDocuments(readDeployed(path), { version: '1.1', strict: true, uniqueKeys: true }).map(document => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) throw problem
    return document.toJS() as unknown
  })

export function readEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter(line => /^[A-Z_]+=/.test(line))
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** Named by version: what is pulled tomorrow is what was tried today. */
export const isPinned = (image: string): boolean =>
  /^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.]+)?$|^postgres:\d+\.\d+-\w+$/.test(image)
