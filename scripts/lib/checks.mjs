import { existsSync } from 'node:fs'
import { checkBoundaries } from '../check-boundaries.mjs'
import { checkErrors } from '../check-errors.mjs'
import { checkRules } from '../check-rules.mjs'
import { checkSupplyChain } from '../check-supply-chain.mjs'
import { inRoot } from './paths.mjs'
import { run } from './run.mjs'
import { runTool } from './tools.mjs'
import { inWords, runVitest } from './vitest.mjs'

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
  return testStep({ step }, 'unit tests', 'unit', 6 * 60_000)
}

/** One vitest project as a step; its output is shown when something failed. */
export async function testStep({ step }, name, project, timeoutMs) {
  let counted
  await step(name, async () => {
    const { counts, output } = await runVitest(project, { timeoutMs })
    counted = counts
    if (counts.failed > 0) throw new Error(`${inWords(counts)}\n${output}`)
    return inWords(counts)
  })
  return counted
}
