import { findBrowser, installBrowser } from './lib/browser.mjs'
import { runChecks, testStep } from './lib/checks.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { run } from './lib/run.mjs'
import { underOurRuntime } from './lib/runtime.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureServices } from './lib/services.mjs'
import { createSteps } from './lib/steps.mjs'
import { addCounts, inWords, NO_TESTS } from './lib/vitest.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** With CI=true nothing may be left out: what cannot be set up is a failure. */
const isCi = process.env.CI === 'true'

/** One more than elsewhere: much of their time they wait for what they have killed to come back. */
const INTEGRATION_WORKERS = 3

/** A step that fails outside of vitest is one failed test in the sum; one that must be left out, one skipped. */
const ONE_SKIPPED = { ...NO_TESTS, skipped: 1 }

async function runBrowserTests(steps, isBuilt) {
  if (!isBuilt) {
    say('- browser tests left out: there is no web client to test.')
    return ONE_SKIPPED
  }
  let browser = findBrowser()
  if (!browser) {
    try {
      say('Installing a browser …')
      browser = await installBrowser()
    } catch (error) {
      say(error.message)
    }
  }
  if (browser) {
    process.env.CHROMIUM_PATH = browser
    return testStep(steps, 'browser tests', 'browser', { timeoutMs: 30 * 60_000, again: isCi })
  }
  if (isCi) {
    await steps.step('browser tests', () => {
      throw new Error('No Chromium was found and none could be installed.')
    })
    return NO_TESTS
  }
  say('- browser tests left out: no Chromium here. Install one, or set CHROMIUM_PATH.')
  return ONE_SKIPPED
}

/** Where the compiler that the manifest names is present, the committed WebAssembly must come out of it again. */
async function rebuildCrypto() {
  const script = inRoot('scripts', 'build-crypto.mjs')
  const { code, output } = await run(process.execPath, [script, '--rebuild-check'], {
    cwd: inRoot(),
    quiet: true,
  })
  if (code !== 0) throw new Error(output)
  return output.trim().split('\n').at(-1)
}

/** `npm test`: sets up what it needs, then runs every check and every test of the project. */
await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  const steps = createSteps()
  if (!(await steps.step('packages', ensureDependencies))) {
    say(inWords({ ...NO_TESTS, failed: 1 }))
    return 1
  }
  let counts = await runChecks(steps)
  await steps.step('cryptography rebuilt', rebuildCrypto)
  await steps.step('services', async () => {
    const missing = await ensureServices({ forTests: true })
    if (isCi && missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}`)
  })
  const limits = { timeoutMs: 20 * 60_000, again: isCi }
  // Histories wait for nothing: they fill the time in which the others do.
  const both = await Promise.all([
    testStep(steps, 'integration tests', 'integration', { ...limits, workers: INTEGRATION_WORKERS }),
    testStep(steps, 'history tests', 'histories', { ...limits, inGaps: true }),
  ])
  counts = both.reduce(addCounts, counts)
  const isBuilt = await steps.step('web client', ensureWebBuild)
  counts = addCounts(counts, await runBrowserTests(steps, isBuilt))
  const brokenSteps = steps.failures.filter(name => !name.endsWith(' tests') || counts.failed === 0).length
  counts = addCounts(counts, { ...NO_TESTS, failed: brokenSteps })
  say(inWords(counts))
  return counts.failed === 0 ? 0 : 1
})
