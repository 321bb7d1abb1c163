import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { passThrough, underOurRuntime } from './lib/runtime.mjs'
import { Advice, runMain } from './lib/say.mjs'
import { ensureServices } from './lib/services.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** `npm run cluster`: every box of the picture as a process on this machine, until it is told to stop. */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  const missing = await ensureServices()
  if (missing.length > 0)
    throw new Advice(`Missing: ${missing.join(', ')}.`, 'Install them; root on Debian gets them by itself.')
  await ensureWebBuild()
  return passThrough(
    process.execPath,
    [inRoot('packages', 'testkit', 'src', 'cluster', 'main.ts')],
    process.env,
  )
})
