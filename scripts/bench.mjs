import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { passThrough, underOurRuntime } from './lib/runtime.mjs'
import { runMain } from './lib/say.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

const NEEDS_BROWSER = ['new-device', 'web']

/** `npm run bench -- NAME [--json]` */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  if (NEEDS_BROWSER.includes(process.argv[2])) await ensureWebBuild()
  return passThrough(process.execPath, [inRoot('bench', 'src', 'main.ts'), ...process.argv.slice(2)])
})
