import type { Timing } from '@entangle/client'
import { loadNodeCrypto } from '@entangle/client/node'
import { randomFrom } from '@entangle/testkit/harness'
import { type Actor, directChat, isIn, PASSWORD, type Person } from '../devices/actor.ts'
import { type Body, copyBody, newBody, type World } from '../devices/life.ts'
import { createCheapPasswordProtocol } from '../server/cheap-passwords.ts'
import { createFakeClock, type FakeClock } from '../server/fake-clock.ts'
import { startModelServer } from '../server/model-server.ts'
import { createSnapshots } from '../server/snapshots.ts'
import { createThriftyCrypto } from '../server/thrifty-crypto.ts'
import { useUnsafeSeededEntropyForTesting } from '../server/unsafe-seeded-entropy.ts'
import { createPlay, type Play } from './play.ts'
import { calm } from './quiescence.ts'

/** How things stand when a seed begins. */
export type Opening = 'strangers' | 'friends'

type Role = { readonly name: string; readonly person: Person; readonly body: Body }
type Scene = { readonly roles: readonly Role[]; readonly nowMs: number }

/** One server and its database, for many seeds one after the other. */
export type Stage = {
  readonly world: (seed: number) => World
  readonly open: (opening: Opening, play: Play) => Promise<void>
  readonly close: () => Promise<void>
}

/** What can wait is collected for longer than people would like, and fewer keys are made: both cost more than they show. */
const TIMING: Partial<Timing> = {
  keyPackages: { pool: 5, refillBelow: 3 },
  receiptDelay: 4_000,
  archiveDelay: 6_000,
  stateDelay: 2_000,
}
const DEVICES = ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'] as const
const HANDLES = { a: 'anna', b: 'berta' } as const

/** Memory that is not the device's is not the schedule's either: each engine draws from its own numbers. */
const bodyKey = (index: number) => new Uint8Array(32).fill(index + 1)

async function signEverybodyIn(play: Play): Promise<readonly Actor[]> {
  const persons = new Map<string, Person>()
  for (const [index, name] of DEVICES.entries()) {
    const letter = name.startsWith('a') ? 'a' : 'b'
    const handle = HANDLES[letter]
    const known = persons.get(letter)
    const person: Person = known ?? { name: letter, handle, accountId: '' as Person['accountId'] }
    const actor = play.cast.add({ name, person, body: newBody(bodyKey(index)) })
    await play.cast.start(actor)
    const { life } = actor
    if (life === undefined) throw new Error('a device did not start')
    if (known === undefined) {
      play.ask(actor, 'sign up', () =>
        life.request('signUp', { handle, displayName: handle, password: PASSWORD }),
      )
    } else play.ask(actor, 'sign in', () => life.request('signIn', { handle, password: PASSWORD }))
    await calm(play, () => isIn(actor) && !play.isAsking())
    const session = life.session()
    if (session.phase === 'signed-in') Object.assign(person, { accountId: session.account.accountId })
    persons.set(letter, person)
  }
  return play.cast.actors
}

async function makeFriends(play: Play): Promise<void> {
  const [anna, berta] = play.cast.actors
  const [from, to] = [anna?.life, berta?.life]
  if (anna === undefined || berta === undefined || from === undefined || to === undefined) return
  play.ask(anna, 'first message', async () => {
    const chatId = await from.request('openDirectChat', { accountId: berta.person.accountId })
    await from.request('sendText', { chatId, text: 'hello' })
  })
  await calm(play, () => !play.isAsking())
  play.ask(berta, 'accept', () =>
    to.request('answerRequest', { chatId: directChat(anna.person), answer: 'accept' }),
  )
  const startedAt = play.world.clock.now()
  // Everybody who was brought in has renewed its leaf by then.
  await calm(play, () => play.world.clock.now() > startedAt + 60_000)
}

export async function openStage(): Promise<Stage> {
  const clock: FakeClock = createFakeClock(Date.now())
  const server = await startModelServer(clock)
  const snapshots = createSnapshots(server)
  await snapshots.prepare()
  const parts = {
    server,
    crypto: createThriftyCrypto(await loadNodeCrypto()),
    passwords: await createCheapPasswordProtocol(),
  }
  const seedEntropy = useUnsafeSeededEntropyForTesting()
  const world = (seed: number): World => {
    seedEntropy(seed)
    return { ...parts, clock, random: randomFrom(seed ^ 0x5eed).next, timing: TIMING }
  }
  const scenes = new Map<Opening, Scene>()

  const keep = async (opening: Opening, play: Play) => {
    await snapshots.keep(opening)
    const roles = play.cast.actors.map(({ name, person, body }) => ({ name, person, body: copyBody(body) }))
    scenes.set(opening, { roles, nowMs: clock.now() })
  }

  const prologue = createPlay(world(1), 1)
  await signEverybodyIn(prologue)
  await keep('strangers', prologue)
  await makeFriends(prologue)
  await keep('friends', prologue)
  for (const actor of prologue.cast.actors) await prologue.cast.bury(actor)
  await server.settled()

  return {
    world,
    async open(opening, play) {
      await server.settled()
      server.forget()
      await snapshots.restore(opening)
      const scene = scenes.get(opening)
      if (scene === undefined) throw new Error('there is no such opening')
      // The server has beliefs about sessions for some seconds; only forwards, so that none outlives its seed.
      clock.set(Math.max(clock.now(), scene.nowMs) + 10_000)
      for (const { name, person, body } of scene.roles) {
        play.cast.add({ name, person, body: copyBody(body) })
      }
    },
    close: server.close,
  }
}
