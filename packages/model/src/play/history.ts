import { findDisagreements } from '../checks/disagreements.ts'
import { type Operation, operationsOf } from '../operations/index.ts'
import type { Opening } from './opening.ts'
import { createPlay, ModelFailure, type Play } from './play.ts'
import { pass } from './quiescence.ts'
import { recoverAll } from './recovery.ts'
import type { Stage } from './stage.ts'

const CRASHES_EACH = 3
/** Time that healing may take: a head check, a back-off and a self-update, several times over. */
const PATIENCE_MS = 10 * 60_000

export type History = {
  readonly seed: number
  readonly operations: number
  readonly counts: ReadonlyMap<string, number>
  readonly devices: number
  readonly failure: string | undefined
  readonly trace: readonly string[]
}

function pickOperation({ random, opening }: Play): Operation {
  const operations = operationsOf(opening)
  let at = random.next() * operations.reduce((sum, { weight }) => sum + weight, 0)
  for (const operation of operations) {
    at -= operation.weight
    if (at < 0) return operation
  }
  return random.pick(operations)
}

const crashes = (play: Play) => play.counts.get('crashes') ?? 0

async function act(play: Play): Promise<void> {
  // Between two operations the network moves a little, or hardly at all.
  const flow = play.random.pick([2, 5, 12])
  for (let done = 0; done < play.form.operations || crashes(play) < CRASHES_EACH; ) {
    const operation = pickOperation(play)
    if (!(await operation.act(play))) continue
    play.count(operation.name)
    done += 1
    const moves = Math.floor(play.random.next() * 2 * flow)
    for (let move = 0; move < moves; move++) if (!(await play.releaseOne())) break
  }
}

/** The network heals and everybody comes back; then nothing may be missing. */
async function heal(play: Play): Promise<void> {
  const { clock } = play.world
  const giveUpAt = clock.now() + PATIENCE_MS
  for (;;) {
    await recoverAll(play)
    await pass(play, play.form.lookEveryMs)
    const disagreements = await findDisagreements(play)
    if (disagreements.length === 0) return
    if (clock.now() > giveUpAt) throw new ModelFailure(disagreements.join('\n'))
  }
}

/** Groups more often than not: there is more to go wrong. */
const OPENINGS: readonly Opening[] = ['group', 'friends', 'group', 'strangers', 'group', 'friends', 'group']
const openingOf = (seed: number): Opening => OPENINGS[Math.floor(seed / 2) % OPENINGS.length] ?? 'group'

/** One random history from its seed. */
export async function playSeed(stage: Stage, seed: number): Promise<History> {
  const opening = openingOf(seed)
  const play = createPlay(stage.world(seed), seed, opening)
  let failure: string | undefined
  try {
    await stage.open(play)
    play.begin()
    play.say(`seed ${String(seed)}: ${opening}`)
    for (const actor of play.cast.actors) await play.cast.start(actor)
    await play.settle()
    await act(play)
    play.say('everything heals')
    await heal(play)
  } catch (error) {
    failure =
      error instanceof ModelFailure ? error.message : String(error instanceof Error ? error.stack : error)
  }
  for (const actor of play.cast.actors) await play.cast.bury(actor)
  const operations = operationsOf(opening).reduce((sum, { name }) => sum + (play.counts.get(name) ?? 0), 0)
  return {
    seed,
    operations,
    counts: play.counts,
    devices: play.cast.actors.length,
    failure,
    trace: play.trace,
  }
}
