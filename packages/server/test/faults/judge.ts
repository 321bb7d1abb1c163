import { checkHistory, describeViolations, type Figures, TAMPERINGS } from '@entangle/testkit/faults'
import type { SeededRandom } from '@entangle/testkit/harness'
import { expect } from 'vitest'
import type { Run } from './campaign.ts'
import { countFaults } from './evidence.ts'

/** So many faults, each as often as its weight says. */
export function drawFaults<Name extends string>(
  random: SeededRandom,
  weights: Readonly<Record<Name, number>>,
  count: number,
): Name[] {
  const lots = (Object.keys(weights) as Name[]).flatMap(name =>
    Array.from({ length: weights[name] }, () => name),
  )
  return Array.from({ length: count }, () => random.pick(lots))
}

/** Says what happened, and fails where a property does not hold. */
export function judge(purpose: string, { history, kills, complaints, commitsLost, folder }: Run): Figures {
  const { violations, figures } = checkHistory(history)
  process.stdout.write(
    `${purpose}: ${countFaults(history)}; ${kills} kills\n${JSON.stringify({ ...figures, commitsLost })}\n`,
  )
  const verdict = [describeViolations(violations), ...complaints].filter(text => text !== '').join('\n')
  expect(verdict, `the history lies in ${folder}`).toBe('')
  // What passes must be able to fail: the same history with one fault in it.
  for (const { name, breaks, apply } of TAMPERINGS) {
    const found = checkHistory(apply(history)).violations.map(({ property }) => property)
    expect([...new Set(found)], name).toEqual(expect.arrayContaining([...breaks]))
  }
  return figures
}
