import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const DIST = fileURLToPath(new URL('../../../apps/web/dist/', import.meta.url))

const gzipKiB = (path: string): number => gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length / 1024
const sumKiB = (paths: readonly string[]): number => paths.reduce((sum, path) => sum + gzipKiB(path), 0)

/** What a visitor's browser loads, in KiB of gzip: scripts of the page, its largest lazy part, worker, WebAssembly. */
export function measureSizes() {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8')
  const initial = [...html.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].flatMap(match => match[1] ?? [])
  const assets = readdirSync(join(DIST, 'assets')).map(name => `assets/${name}`)
  const scripts = assets.filter(path => path.endsWith('.js'))
  const worker = scripts.filter(path => /worker/i.test(path))
  const lazy = scripts.filter(path => !initial.includes(path) && !worker.includes(path))
  return {
    initial: sumKiB(initial),
    largestLazy: Math.max(0, ...lazy.map(gzipKiB)),
    worker: sumKiB(worker),
    wasm: sumKiB(assets.filter(path => path.endsWith('.wasm'))),
  }
}
