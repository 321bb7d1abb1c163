import { defineConfig } from 'vitest/config'

/** Suites that run for minutes have a long form, for `npm run campaign`. */
const isCampaign = process.env['CAMPAIGN'] === 'long'
const times = (shortMs: number) => (isCampaign ? 60 * 60 * 1000 : shortMs)

const quickServerTests = 'packages/server/test/unit/**/*.test.ts'
const needsServices = ['**/*.integration.test.ts', 'packages/server/test/**/*.test.ts']
const histories = 'packages/model/test/**/*.test.ts'
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
            'bench/test/**/*.test.ts',
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
          globalSetup: 'packages/testkit/src/unlimited-server.ts',
          include: needsServices,
          exclude: [...never, quickServerTests, histories],
          testTimeout: times(60_000),
          hookTimeout: times(60_000),
        },
      },
      {
        test: {
          name: 'histories',
          environment: 'node',
          include: [histories],
          exclude: never,
          testTimeout: times(240_000),
          hookTimeout: times(120_000),
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'node',
          globalSetup: 'e2e/src/shared-server.ts',
          setupFiles: 'e2e/src/show-failed-pages.ts',
          include: ['e2e/**/*.spec.ts', ...needsBrowser],
          exclude: never,
          testTimeout: times(180_000),
          hookTimeout: times(120_000),
        },
      },
    ],
  },
})
