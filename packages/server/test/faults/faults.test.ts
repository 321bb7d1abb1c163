import { createSeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { type FaultName, WEIGHTS } from './faults.ts'
import { drawFaults, judge } from './judge.ts'
import { runFaults } from './run-faults.ts'

const isCampaign = process.env['CAMPAIGN'] === 'long'
const rounds = Number(process.env['ROUNDS'] ?? (isCampaign ? 150 : 0))
/** In `npm test` every kind once, and the one that ends the database twice. */
const SHORT: readonly FaultName[] = [
  'server killed',
  'readers stalled',
  'database killed',
  'database connection killed',
  'disk full',
  'server and database killed',
  'clock jumped',
  'storm of connections',
  'restart under load',
  'server killed while it starts',
  'database killed',
]

test(
  'P40 P41 P44 P63 P84 P85 under faults nothing acknowledged is lost and nothing comes twice',
  async () => {
    const random = createSeededRandom('faults')
    const faults = rounds === 0 ? SHORT : drawFaults(random, WEIGHTS, rounds)
    const size = isCampaign ? { diskMiB: 2500, perSecond: 10 } : { diskMiB: 400, perSecond: 20 }
    const run = await runFaults(random, faults, size)
    const figures = judge('faults', run)
    expect(run.kills).toBeGreaterThanOrEqual(rounds === 0 ? 5 : rounds / 2)
    expect(figures.acknowledged).toBeGreaterThan(faults.length * 50)
    expect(figures.commits).toBeGreaterThan(3)
    await run.forget()
  },
  isCampaign ? 4 * 3600 * 1000 : 300_000,
)
