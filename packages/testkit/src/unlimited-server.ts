import { shareServer } from './shared-server.ts'

/** For many people who all come from one address. */
export const { setup, teardown } = shareServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
