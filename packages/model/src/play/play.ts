import type { ChatId, EngineError, GroupInvite } from '@entangle/client'
import { randomFrom, type SeededRandom } from '@entangle/testkit/harness'
import { checkGeneration } from '../checks/generation-check.ts'
import { type Actor, type Cast, createCast, type Stolen } from '../devices/actor.ts'
import { copyBody, type Life, type World } from '../devices/life.ts'
import { createSendWatch } from '../devices/send-watch.ts'
import type { Parcel } from '../network/parcel.ts'
import { type Form, formOf } from './form.ts'
import type { Opening } from './opening.ts'

export class ModelFailure extends Error {
  override readonly name = 'ModelFailure'
}

/** What a person wrote: whether the device has promised to deliver it decides what must be seen at the end. */
export type Written = {
  readonly id: string
  readonly text: string
  readonly author: Actor
  readonly chatId: ChatId
  isPromised: boolean
}

export type Link = GroupInvite & { readonly chatId: ChatId }

/** Something that was asked of an engine and is not answered yet. */
type Asked = { readonly label: string; readonly actor: Actor; readonly life: Life | undefined }

export type Play = {
  readonly world: World
  readonly opening: Opening
  readonly form: Form
  readonly cast: Cast
  readonly random: SeededRandom
  /** The stage is set; times in the trace count from here. */
  readonly begin: () => void
  readonly written: Written[]
  /** Links into groups that somebody has made. */
  readonly links: Link[]
  /** Groups that somebody has made. */
  groups: number
  readonly stolen: readonly Stolen[]
  /** Copies devices as they are, before something that may put them out. */
  readonly steal: (actors: readonly Actor[]) => void
  readonly counts: Map<string, number>
  readonly trace: readonly string[]
  readonly say: (line: string) => void
  readonly count: (what: string) => void
  /** Asks without waiting. The answer comes when the schedule lets it. */
  readonly ask: <T>(actor: Actor, label: string, work: () => Promise<T>, done?: (value: T) => void) => void
  readonly isAsking: (actor?: Actor) => boolean
  /** What was asked and is not answered. */
  readonly unanswered: () => string[]
  /** Everything that follows at once has happened. */
  readonly settle: () => Promise<void>
  readonly parcels: () => { readonly actor: Actor; readonly parcel: Parcel }[]
  readonly releaseOne: () => Promise<boolean>
  readonly fireTimer: () => Promise<void>
  /** A breach of what must always hold; the play ends at the next step. */
  readonly breach: (what: string) => void
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

export function createPlay(world: World, seed: number, opening: Opening): Play {
  const random = randomFrom(seed)
  const trace: string[] = []
  const counts = new Map<string, number>()
  const written: Written[] = []
  const stolen: Stolen[] = []
  const asked = new Set<Asked>()
  let startedAt = world.clock.now()
  let breached: string | undefined

  const say = (line: string) => {
    trace.push(`${((world.clock.now() - startedAt) / 1000).toFixed(2).padStart(8)} ${line}`)
  }
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const breach = (what: string) => {
    breached ??= what
  }
  const cast = createCast(world, say, name => createSendWatch(what => breach(`${name}: ${what}`)))

  /** Who died does not answer any more. */
  const open = () => [...asked].filter(({ actor, life }) => actor.life === life)

  const checkSends = () => {
    for (const actor of cast.actors) {
      for (const send of actor.sends.takeDoubtful()) {
        const verdict = checkGeneration(world.crypto, cast.actors, actor, send)
        count(`generation ${verdict}`)
        if (verdict === 'used twice')
          breach(`${actor.name} used a generation of epoch ${String(send.epoch)} twice`)
      }
    }
  }

  const settle = async () => {
    await turn()
    checkSends()
    for (const actor of await cast.collectDead()) {
      say(`  ${actor.name} died`)
      count('crashes')
    }
    if (breached !== undefined) throw new ModelFailure(breached)
  }

  const waiting = () =>
    cast.actors.flatMap(actor => (actor.life?.line.waiting() ?? []).map(look => ({ actor, look })))

  return {
    world,
    opening,
    form: formOf(seed),
    cast,
    random,
    links: [],
    groups: 0,
    stolen,
    steal(actors) {
      for (const actor of actors) stolen.push({ actor, body: copyBody(actor.body) })
    },
    begin() {
      startedAt = world.clock.now()
    },
    written,
    counts,
    trace,
    say,
    count,
    breach,
    parcels: () => waiting().map(({ actor, look }) => ({ actor, parcel: look() })),
    settle,
    ask(actor, label, work, done) {
      const { life } = actor
      const entry: Asked = { label, actor, life }
      asked.add(entry)
      work().then(
        value => {
          asked.delete(entry)
          if (actor.life === life) done?.(value)
        },
        (error: EngineError) => {
          asked.delete(entry)
          if (life?.mortality.isDead()) return
          say(`  ${actor.name} was refused: ${label}: ${error.code}`)
          if (error.code === 'ENGINE_UNEXPECTED') breach(`${actor.name}: ${label} failed unexpectedly`)
        },
      )
    },
    unanswered: () => open().map(({ actor, label }) => `${actor.name}: ${label}`),
    isAsking: actor => open().some(entry => actor === undefined || entry.actor === actor),
    async releaseOne() {
      const found = waiting()
      if (found.length === 0) return false
      const { actor, look } = random.pick(found)
      const parcel = look()
      say(`  ${actor.name} ${parcel.label}`)
      count('releases')
      await parcel.release()
      await settle()
      return true
    },
    async fireTimer() {
      world.clock.fireNext()
      await settle()
    },
  }
}
