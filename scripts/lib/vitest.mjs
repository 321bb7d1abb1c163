import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { inRoot } from './paths.mjs'
import { run } from './run.mjs'
import { programPath } from './tools.mjs'

export const NO_TESTS = { passed: 0, failed: 0, skipped: 0 }

export const addCounts = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

export const inWords = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/**
 * Runs one project of vitest.config.ts (and in it only the files named) and counts its tests.
 * Something that broke outside of any test, such as a file that does not load, counts as one failed test.
 */
export async function runVitest(project, { files = [], env = {}, quiet = true, timeoutMs } = {}) {
  const report = inRoot('.cache', 'tests', `${project}.json`)
  mkdirSync(inRoot('.cache', 'tests'), { recursive: true })
  rmSync(report, { force: true })
  const args = ['run', '--project', project, '--passWithNoTests', ...files]
  const reporters = [
    `--reporter=${quiet ? 'dot' : 'default'}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const { code, output } = await run(process.execPath, [programPath('vitest'), ...args, ...reporters], {
    cwd: inRoot(),
    quiet,
    env: { ...process.env, NO_COLOR: '1', ...env },
    ...(timeoutMs ? { timeout: timeoutMs, killSignal: 'SIGKILL' } : {}),
  })
  return { counts: countTests(report, code), output }
}

function countTests(report, code) {
  const counts = { ...NO_TESTS }
  const result = readReport(report)
  if (result) {
    const emptyFailures = result.testResults.filter(
      file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
    )
    counts.passed = result.numPassedTests
    counts.failed = result.numFailedTests + emptyFailures.length
    counts.skipped = result.numPendingTests + result.numTodoTests
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
