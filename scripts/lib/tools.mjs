import { inRoot } from './paths.mjs'
import { run } from './run.mjs'

const PROGRAMS = {
  biome: ['@biomejs', 'biome', 'bin', 'biome'],
  tsc: ['typescript', 'bin', 'tsc'],
  vitest: ['vitest', 'vitest.mjs'],
}

/** Runs one of our development tools quietly; its output becomes the error when it fails. */
export async function runTool(name, args) {
  const { code, output } = await run(process.execPath, [inRoot('node_modules', ...PROGRAMS[name]), ...args], {
    cwd: inRoot(),
    quiet: true,
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (code !== 0) throw new Error(output || `${name} ended with exit code ${code}.`)
  return output
}

export const programPath = name => inRoot('node_modules', ...PROGRAMS[name])
