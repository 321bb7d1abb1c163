import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const SOURCE = folder('../../native/')
const TARGET = folder('../../../.cache/bench-native/')

/** Milliseconds by name and size of the group, as the native program prints them. */
export type NativeFigures = ReadonlyMap<string, number>

/** Where there is a Rust compiler: OpenMLS built for this machine. The first build takes minutes. */
export function buildNativePeer(): string | undefined {
  const args = ['build', '--release', '--quiet', '--locked', '--target-dir', TARGET]
  const { status } = spawnSync('cargo', args, { cwd: SOURCE, stdio: ['ignore', 'ignore', 'inherit'] })
  return status === 0 ? `${TARGET}release/entangle_bench_native` : undefined
}

/** One round of the same work. */
export function runNativePeer(program: string, members: number): NativeFigures {
  const { stdout, status } = spawnSync(program, [String(members)], { encoding: 'utf8' })
  if (status !== 0) throw new Error('the native program failed')
  const lines = stdout.trim().split('\n')
  return new Map(
    lines.map(line => {
      const [name, size, ms] = line.split(' ')
      return [`${name} ${size}`, Number(ms)]
    }),
  )
}
