import { existsSync } from 'node:fs'
import { checkBoundaries } from '../check-boundaries.mjs'
import { checkErrors } from '../check-errors.mjs'
import { checkRules } from '../check-rules.mjs'
import { checkSupplyChain } from '../check-supply-chain.mjs'
import { inRoot } from './paths.mjs'
import { run } from './run.mjs'
import { say } from './say.mjs'
import { runTool } from './tools.mjs'
import { addCounts, inWords, NO_TESTS, runVitest } from './vitest.mjs'

async function checkCrypto() {
  const script = inRoot('scripts', 'build-crypto.mjs')
  if (!existsSync(script)) return 'nothing to check yet'
  const { code, output } = await run(process.execPath, [script, '--check'], { cwd: inRoot(), quiet: true })
  if (code !== 0) throw new Error(output)
  return output.trim().split('\n').at(-1)
}

/** What `npm run verify` does, in this order; `npm test` begins with the same. Returns the unit tests' counts. */
export async function runChecks({ step }) {
  await step('format and lint', async () => {
    await runTool('biome', ['check', '--error-on-warnings', '.'])
  })
  await step('types', async () => {
    await runTool('tsc', ['-b'])
  })
  await step('import boundaries', checkBoundaries)
  await step('cryptography manifest', checkCrypto)
  await step('licences and lock file', checkSupplyChain)
  await step('error catalogue', checkErrors)
  await step('rules of the protocol', checkRules)
  return testStep({ step }, 'unit tests', 'unit', { timeoutMs: 6 * 60_000 })
}

/** Real servers and browsers on a shared machine: one slow moment must not turn a whole run red. */
const MOST_FILES_AGAIN = 3

/**
 * One vitest project as a step; its output is shown when something failed. With `again` a file that failed is
 * run once more, whole and from the start: nothing of its first attempt is left to help or to hinder it.
 */
export async function testStep({ step }, name, project, { timeoutMs, again = false, workers, inGaps }) {
  let counted = { ...NO_TESTS, failed: 1 }
  await step(name, async () => {
    const first = await runVitest(project, { timeoutMs, workers, inGaps })
    counted = first.counts
    const failed = first.files.filter(file => file.counts.failed > 0)
    if (again && failed.length > 0 && failed.length <= MOST_FILES_AGAIN) {
      say(`${failed.length} of ${first.files.length} files failed and run once more:\n${first.output}`)
      const second = await runVitest(project, { timeoutMs, only: failed.map(file => file.path) })
      const rest = first.files.filter(file => !failed.includes(file))
      counted = rest.map(file => file.counts).reduce(addCounts, second.counts)
      if (counted.failed > 0) throw new Error(`${inWords(counted)}\n${second.output}`)
      return `${inWords(counted)}, ${failed.length} at the second attempt`
    }
    if (counted.failed > 0) throw new Error(`${inWords(counted)}\n${first.output}`)
    return inWords(counted)
  })
  return counted
}
