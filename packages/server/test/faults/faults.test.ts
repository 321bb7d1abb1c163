import { checkHistory, describeViolations, TAMPERINGS } from '@entangle/testkit/faults'
import { createSeededRandom, type SeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { countFaults } from './evidence.ts'
import { type FaultName, WEIGHTS } from './faults.ts'
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

function chooseFaults(random: SeededRandom): readonly FaultName[] {
  if (rounds === 0) return SHORT
  const names = Object.keys(WEIGHTS) as FaultName[]
  const lots = names.flatMap(name => Array.from({ length: WEIGHTS[name] }, () => name))
  return Array.from({ length: rounds }, () => random.pick(lots))
}

test(
  'P40 P41 P44 P63 P84 P85 under faults nothing acknowledged is lost and nothing comes twice',
  async () => {
    const random = createSeededRandom('faults')
    const faults = chooseFaults(random)
    const size = isCampaign ? { diskMiB: 2500, perSecond: 10 } : { diskMiB: 400, perSecond: 20 }
    const { history, kills, complaints, commitsLost, folder, forget } = await runFaults(random, faults, size)
    const { violations, figures } = checkHistory(history)
    process.stdout.write(
      `faults: ${countFaults(history)}; ${kills} kills\n${JSON.stringify({ ...figures, commitsLost })}\n`,
    )
    const verdict = [describeViolations(violations), ...complaints].filter(text => text !== '').join('\n')
    expect(verdict, `the history lies in ${folder}`).toBe('')
    expect(kills).toBeGreaterThanOrEqual(rounds === 0 ? 5 : rounds / 2)
    expect(figures.acknowledged).toBeGreaterThan(faults.length * 50)
    expect(figures.commits).toBeGreaterThan(3)
    // What passes must be able to fail: the same history with one fault in it.
    for (const { name, breaks, apply } of TAMPERINGS) {
      const found = checkHistory(apply(history)).violations.map(({ property }) => property)
      expect([...new Set(found)], name).toEqual(expect.arrayContaining([...breaks]))
    }
    await forget()
  },
  isCampaign ? 4 * 3600 * 1000 : 300_000,
)
