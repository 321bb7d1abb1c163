import { defineConfig } from 'vitest/config'

/** Suites that run for minutes have a long form, for `npm run campaign`. */
const isCampaign = process.env['CAMPAIGN'] === 'long'
const times = (shortMs: number) => (isCampaign ? 60 * 60 * 1000 : shortMs)

/** Real servers and browsers on a shared machine: one slow moment there must not turn a whole run red. */
const retry = process.env['CI'] === 'true' ? 1 : 0

const quickServerTests = 'packages/server/test/unit/**/*.test.ts'
const needsServices = ['**/*.integration.test.ts', 'packages/server/test/**/*.test.ts']
const needsBrowser = ['**/*.browser.test.ts']
const never = ['**/node_modules/**', '**/dist/**', '**/.build/**', '**/target/**']

export default defineConfig({
  test: {
    /** Two workers: on a small machine more of them only make each other late. */
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: [
            'packages/{protocol,crypto,client,testkit}/test/**/*.test.ts',
            'apps/*/test/**/*.test.{ts,tsx}',
            quickServerTests,
          ],
          exclude: [...never, '**/*.integration.test.ts', ...needsBrowser],
          testTimeout: times(20_000),
          hookTimeout: times(30_000),
        },
      },
      {
        test: {
          name: 'integration',
          environment: 'node',
          include: needsServices,
          exclude: [...never, quickServerTests],
          retry,
          testTimeout: times(60_000),
          hookTimeout: times(60_000),
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'node',
          include: ['e2e/**/*.spec.ts', ...needsBrowser],
          exclude: never,
          retry,
          testTimeout: times(180_000),
          hookTimeout: times(120_000),
          /** One real server and its browsers at a time. */
          fileParallelism: false,
        },
      },
    ],
  },
})
