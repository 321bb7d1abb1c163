import { missingForCluster } from '@entangle/testkit/cluster'
import { createSeededRandom, type SeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { drawFaults, judge } from '../faults/judge.ts'
import { FAULTS, type FaultName, type Lengths, WEIGHTS } from './faults.ts'
import { percentile99 } from './gaps.ts'
import { runClusterFaults } from './run-cluster-faults.ts'

const isCampaign = process.env['CAMPAIGN'] === 'long'
const rounds = Number(process.env['ROUNDS'] ?? (isCampaign ? 80 : 0))
/** Where everything has to be tested, a service that is not there is a failure. */
const canRun = missingForCluster().length === 0 || process.env['CI'] === 'true'

const SHORT: Lengths = { usual: [1500, 3000], kafka: [1500, 3000] }
const LONG: Lengths = { usual: [1000, 20_000], kafka: [30_000, 180_000] }
const GAP_MS = 5000

/** Three brokers that start at once are a third of all the work: one is killed, and all of them pause. */
const TOO_LONG: FaultName = 'Kafka away'

/** Every kind once, in any order. */
function shuffle(random: SeededRandom): FaultName[] {
  const names = (Object.keys(FAULTS) as FaultName[]).filter(name => name !== TOO_LONG)
  return names
    .map(name => ({ name, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name)
}

test.skipIf(!canRun)(
  'P40 P41 P44 P63 P84 P85 whatever of a cluster fails, nothing acknowledged is lost and nothing comes twice',
  async () => {
    const random = createSeededRandom('cluster faults')
    const faults = rounds === 0 ? shuffle(random) : drawFaults(random, WEIGHTS, rounds)
    const lengths = isCampaign ? LONG : SHORT
    const run = await runClusterFaults(random, faults, { perSecond: 5, lengths })
    const gap = percentile99(run.gaps)
    process.stdout.write(
      `cluster faults: a chat node killed kept ${run.gaps.length} waiting, 99 of 100 no longer than ${Math.round(gap)} ms\n`,
    )
    const figures = judge('cluster faults', run)
    expect(run.kills).toBeGreaterThanOrEqual(rounds === 0 ? 11 : rounds / 4)
    expect(figures.acknowledged).toBeGreaterThan(faults.length * 40)
    expect(figures.commits).toBeGreaterThan(3)
    // A machine that runs other tests beside this one measures those.
    if (isCampaign) expect(gap).toBeLessThan(GAP_MS)
    await run.forget()
  },
  isCampaign ? 6 * 3600 * 1000 : 900_000,
)
