import { ModelFailure, type Play } from './play.ts'

const STEPS = 30_000

/** Lets everything through, and time pass, until the condition holds and nothing is on its way. */
export async function calm(play: Play, holds: () => boolean, limitMs = 10 * 60_000): Promise<void> {
  const { clock } = play.world
  const giveUpAt = clock.now() + limitMs
  await play.settle()
  for (let step = 0; step < STEPS; step++) {
    if (await play.releaseOne()) continue
    if (holds()) return
    const at = clock.nextAt()
    if (at === undefined || at > giveUpAt) break
    await play.fireTimer()
  }
  throw new ModelFailure(['does not come to rest', ...play.unanswered()].join('; '))
}

/** Lets everything through for this long. */
export async function pass(play: Play, durationMs: number): Promise<void> {
  const { clock } = play.world
  const until = clock.now() + durationMs
  await play.settle()
  for (let step = 0; step < STEPS; step++) {
    if (await play.releaseOne()) continue
    const at = clock.nextAt()
    if (at === undefined || at > until) return
    await play.fireTimer()
  }
  throw new ModelFailure('is busy without end')
}
