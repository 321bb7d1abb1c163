import { median } from '../timing.ts'
import type { Load, Measured, Plan, Probes } from './load.ts'

/** One of those that are measured against each other; its sockets are open under its name. */
export type Contender = {
  readonly name: string
  readonly probes: Probes
  /** Where it is not the same for all. */
  readonly plan?: Plan
}

export type Rounds = { readonly rounds: number; readonly seconds: number }

/** Turns about, so that whatever else the machine does meets all of them: ours, peer, ours, peer … */
export async function playRounds(
  load: Load,
  contenders: readonly Contender[],
  plan: Plan,
  { rounds, seconds }: Rounds,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const results = new Map<string, Measured[]>(contenders.map(({ name }) => [name, []]))
  // Code that has not run yet is slow code: a round of each that does not count.
  for (const { name, probes, plan: own = plan } of contenders) await load.measure(name, own, seconds, probes)
  for (let round = 0; round < rounds; round++) {
    for (const { name, probes, plan: own = plan } of contenders) {
      results.get(name)?.push(await load.measure(name, own, seconds, probes))
    }
  }
  return results
}

export const medianOf = (
  measured: readonly Measured[] | undefined,
  read: (one: Measured) => number,
): number => median((measured ?? []).map(read))

export const usedSeconds = ({ used }: Measured, ...probes: readonly string[]): number =>
  probes.reduce((total, probe) => total + (used[probe] ?? 0), 0)
