import type { History } from './play/history.ts'

const LAST_STEPS = 80

/** What happened, for whoever looks for the reason: all that people did, then the last steps of everything. */
export function describeFailure({ seed, failure, trace }: History): string {
  const deeds = trace.filter(line => !line.slice(9).startsWith(' '))
  return [
    `SEED=${String(seed)} failed: ${failure ?? ''}`,
    '',
    'What was done:',
    ...deeds,
    '',
    `The last ${String(LAST_STEPS)} steps (TRACE=1 shows all):`,
    ...(process.env['TRACE'] === undefined ? trace.slice(-LAST_STEPS) : trace),
    '',
    `Again: SEED=${String(seed)} ROUNDS=1 npx vitest run --project histories`,
  ].join('\n')
}

/** Sums of all histories in one line each. */
export function describeFigures(histories: readonly History[], durationMs: number): string {
  const sums = new Map<string, number>()
  for (const { counts } of histories) {
    for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
  }
  const each = (value: number) => (value / histories.length).toFixed(1)
  const least = (value: (history: History) => number) => String(Math.min(...histories.map(value)))
  return [
    `${String(histories.length)} histories in ${(durationMs / 1000).toFixed(1)} s`,
    `at least ${least(({ operations }) => operations)} operations, ${least(({ devices }) => devices)} devices, ${least(({ counts }) => counts.get('crashes') ?? 0)} crashes`,
    `on average: ${[...sums].map(([name, sum]) => `${name} ${each(sum)}`).join(', ')}`,
  ].join('\n')
}
