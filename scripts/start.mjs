import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { passThrough, underOurRuntime } from './lib/runtime.mjs'
import { runMain } from './lib/say.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** `npm start`: whatever is missing is brought, then the server runs in our place until it is told to stop. */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  await ensureWebBuild()
  // On a terminal a quiet server is a good one; whoever collects logs sets the level.
  const env = { LOG_LEVEL: 'warn', ...process.env }
  const { NODE_FLAGS } = await import(inRoot('packages', 'server', 'src', 'node-flags.ts'))
  return passThrough(process.execPath, [...NODE_FLAGS, inRoot('packages', 'server', 'src', 'main.ts')], env)
})
