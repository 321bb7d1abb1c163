import { runChecks } from './lib/checks.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { underOurRuntime } from './lib/runtime.mjs'
import { inSeconds, runMain, say } from './lib/say.mjs'
import { createSteps } from './lib/steps.mjs'

/** `npm run verify`: everything that can be said about the code without a server or a browser. */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  const startedAt = performance.now()
  const steps = createSteps()
  await runChecks(steps)
  const time = inSeconds(performance.now() - startedAt)
  say(
    steps.failures.length === 0
      ? `All is well (${time}).`
      : `Not right: ${steps.failures.join(', ')} (${time}).`,
  )
  return steps.failures.length === 0 ? 0 : 1
})
