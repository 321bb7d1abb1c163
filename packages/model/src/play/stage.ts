import type { Timing } from '@entangle/client'
import { loadNodeCrypto } from '@entangle/client/node'
import { createCheapPasswordProtocol, randomFrom } from '@entangle/testkit/harness'
import type { Person } from '../devices/actor.ts'
import { type Body, copyBody, type World } from '../devices/life.ts'
import { createFakeClock, type FakeClock } from '../server/fake-clock.ts'
import { startModelServer } from '../server/model-server.ts'
import { createSnapshots } from '../server/snapshots.ts'
import { createThriftyCrypto } from '../server/thrifty-crypto.ts'
import { useUnsafeSeededEntropyForTesting } from '../server/unsafe-seeded-entropy.ts'
import type { Opening } from './opening.ts'
import { createPlay, type Play } from './play.ts'
import { makeFriends, makeGroup, OF_FOUR, OF_TWO, signEverybodyIn } from './prologue.ts'

type Role = { readonly name: string; readonly person: Person; readonly body: Body }

/** What was prepared was just now, or last night: engines have other things to do then. */
const laterMs = (seed: number): number => (Math.floor(seed / 14) % 2 === 0 ? 10_000 : 8 * 3600 * 1000)

/** One server and its database, for many seeds one after the other. */
export type Stage = {
  readonly world: (seed: number) => World
  /** Everything is again as it was when the opening was prepared. */
  readonly open: (play: Play) => Promise<void>
  readonly close: () => Promise<void>
}

/** What can wait is collected for longer than people would like, and fewer keys are made: both cost more than they show. */
const TIMING: Partial<Timing> = {
  keyPackages: { pool: 5, refillBelow: 3 },
  receiptDelay: 8_000,
  archiveDelay: 12_000,
  stateDelay: 4_000,
}

export async function openStage(): Promise<Stage> {
  const clock: FakeClock = createFakeClock(Date.now())
  const server = await startModelServer(clock)
  const snapshots = createSnapshots(server)
  await snapshots.prepare()
  const parts = {
    server,
    crypto: createThriftyCrypto(await loadNodeCrypto()),
    passwords: createCheapPasswordProtocol(),
  }
  const seedEntropy = useUnsafeSeededEntropyForTesting()
  // The cryptography asks the platform when a key package was made, and the server judges that by its own clock.
  const { now: platformNow } = Date
  Date.now = clock.now
  const world = (seed: number): World => {
    seedEntropy(seed)
    const random = randomFrom(seed ^ 0x5eed).next
    return { ...parts, clock, random, timing: TIMING, laterMs: laterMs(seed) }
  }
  const scenes = new Map<Opening, readonly Role[]>()

  const keep = async (opening: Opening, play: Play) => {
    await snapshots.keep(opening)
    scenes.set(
      opening,
      play.cast.actors.map(({ name, person, body }) => ({ name, person, body: copyBody(body) })),
    )
  }
  const bury = async (play: Play) => {
    for (const actor of play.cast.actors) await play.cast.bury(actor)
    await server.settled()
  }

  await snapshots.keep('empty')
  const ofTwo = createPlay(world(1), 1, 'strangers')
  await signEverybodyIn(ofTwo, OF_TWO)
  await keep('strangers', ofTwo)
  await makeFriends(ofTwo)
  await keep('friends', ofTwo)
  await bury(ofTwo)
  await snapshots.restore('empty')
  const ofFour = createPlay(world(2), 2, 'group')
  await signEverybodyIn(ofFour, OF_FOUR)
  await makeGroup(ofFour)
  await keep('group', ofFour)
  await bury(ofFour)
  const preparedAt = clock.now()

  return {
    world,
    async open(play) {
      clock.set(preparedAt + play.world.laterMs)
      await server.settled()
      server.forget()
      await snapshots.restore(play.opening)
      for (const { name, person, body } of scenes.get(play.opening) ?? []) {
        play.cast.add({ name, person, body: copyBody(body) })
      }
    },
    close() {
      Date.now = platformNow
      return server.close()
    },
  }
}
