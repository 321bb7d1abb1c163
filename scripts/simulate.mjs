import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { passThrough, underOurRuntime } from './lib/runtime.mjs'
import { runMain } from './lib/say.mjs'

/** `npm run simulate`: what a message costs between 1 and 20,000 chat nodes, by the real router */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  return passThrough(process.execPath, [
    inRoot('bench', 'src', 'simulate', 'main.ts'),
    ...process.argv.slice(2),
  ])
})
