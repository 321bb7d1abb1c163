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
 * Runs one project of vitest.config.ts (and in it only the files named) and counts its tests, file by file.
 * Something that broke outside of any test, such as a file that does not load, counts as one failed test.
 */
export async function runVitest(
  project,
  { only = [], env = {}, quiet = true, timeoutMs, workers, inGaps } = {},
) {
  const report = inRoot('.cache', 'tests', `${project}.json`)
  mkdirSync(inRoot('.cache', 'tests'), { recursive: true })
  rmSync(report, { force: true })
  const args = ['run', '--project', project, '--passWithNoTests', ...only]
  if (workers !== undefined) args.push(`--maxWorkers=${workers}`)
  const reporters = [
    `--reporter=${quiet ? 'dot' : 'default'}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const { code, output } = await run(process.execPath, [programPath('vitest'), ...args, ...reporters], {
    cwd: inRoot(),
    quiet,
    inGaps,
    env: { ...process.env, NO_COLOR: '1', ...env },
    ...(timeoutMs ? { timeout: timeoutMs, killSignal: 'SIGKILL' } : {}),
  })
  const files = readReport(report)
  const counts = files.map(file => file.counts).reduce(addCounts, NO_TESTS)
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  return { counts, files, output }
}

function readReport(path) {
  try {
    const { testResults } = JSON.parse(readFileSync(path, 'utf8'))
    return testResults.map(file => ({ path: file.name, counts: countTests(file) }))
  } catch {
    return []
  }
}

function countTests({ status, assertionResults: tests }) {
  const passed = tests.filter(test => test.status === 'passed').length
  const failed = tests.filter(test => test.status === 'failed').length
  const skipped = tests.length - passed - failed
  return { passed, skipped, failed: status === 'failed' ? Math.max(failed, 1) : failed }
}
