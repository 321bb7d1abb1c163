import { randomBytes } from 'node:crypto'
import type { ConversationId } from '@entangle/protocol'
import { createRecorder, type Recorder } from '@entangle/testkit/faults'
import type { SeededRandom } from '@entangle/testkit/harness'
import { epochOf, makeManagedGroup } from '../support/group.ts'
import { makePair, Person } from '../support/person.ts'
import { Committer } from './committer.ts'
import { PlainDevice } from './plain-device.ts'
import { startTalkers, type Talkers } from './talkers.ts'

export type Cast = {
  readonly devices: readonly PlainDevice[]
  readonly committers: readonly Committer[]
  /** Of the group: to be put out on the way. */
  readonly dana: PlainDevice
  readonly groupId: ConversationId
  /** Signs out on the way. */
  readonly eve: Person
  readonly talkers: Talkers
  readonly scene: Recorder
  readonly close: () => Promise<void>
}

const PAIRS = 3

/** Everybody signs up; a group of four, pairs, somebody alone, and two at the real engine. */
export async function gatherCast(url: string, folder: string): Promise<Cast> {
  const recorders: Recorder[] = []
  const record = async (client: string) => {
    const recorder = await createRecorder(folder, client)
    recorders.push(recorder)
    return recorder
  }
  const scene = await record('scene')
  const devices: PlainDevice[] = []
  const play = async (name: string, person: Person, conversationId: ConversationId, epoch: number) => {
    const recorder = await record(name)
    const device = new PlainDevice(person, recorder)
    device.follow(conversationId, 0, epoch)
    devices.push(device)
    return { device, recorder }
  }

  const { owner, people, conversationId: groupId } = await makeManagedGroup(url, 3)
  scene.note({ kind: 'conversation', conversation: groupId, contiguous: true })
  const [ben, cleo, danaHerself] = people
  if (ben === undefined || cleo === undefined || danaHerself === undefined)
    throw new Error('not enough people')
  const epoch = epochOf(owner, groupId)
  const committers: Committer[] = []
  for (const [name, person] of [
    ['owner', owner],
    ['ben', ben],
  ] as const) {
    const { device, recorder } = await play(name, person, groupId, epoch)
    committers.push(new Committer(device, groupId, recorder))
  }
  await play('cleo', cleo, groupId, epoch)
  const { device: dana } = await play('dana', danaHerself, groupId, epoch)

  for (let pair = 1; pair <= PAIRS; pair++) {
    const { ann, ben: peer, conversationId } = await makePair(url)
    scene.note({ kind: 'conversation', conversation: conversationId, contiguous: true })
    await play(`pair${pair}-left`, ann, conversationId, 1)
    await play(`pair${pair}-right`, peer, conversationId, 1)
  }
  const talkers = await startTalkers(url, await record('talkers'))
  const eve = await Person.signUp(url)
  for (const device of devices) device.start()
  return {
    devices,
    committers,
    dana,
    groupId,
    eve,
    talkers,
    scene,
    async close() {
      await Promise.all(devices.map(device => device.stop()))
      await talkers.close()
      await Promise.all(recorders.map(recorder => recorder.close()))
    },
  }
}

/** Everybody writes at random moments, whatever the answers do, until the returned function is called. */
export function startTalk(
  { devices, committers, talkers }: Cast,
  random: SeededRandom,
  { perSecond, canary }: { readonly perSecond: number; readonly canary: string },
): () => Promise<void> {
  let ended = false
  const pause = (meanMs: number) =>
    new Promise(resolve => setTimeout(resolve, -Math.log(1 - random.next()) * meanMs))
  const repeat = async (meanMs: number, act: () => unknown) => {
    while (!ended) {
      await act()
      await pause(meanMs)
    }
  }
  let said = 0
  const running = [
    ...devices.map(device =>
      repeat(1000 / perSecond, () => {
        // A queue without end would only measure how long the server was away.
        if (device.unsettled > 500) return
        for (const id of device.conversations) device.post(id, randomBytes(random.integer(40, 400)))
      }),
    ),
    ...committers.map(committer =>
      // Once one of them can go no further it says why, and is heard at the end.
      repeat(600, () =>
        committer.complaints.length > 0 ? undefined : committer.commit().catch(() => undefined),
      ),
    ),
    repeat(250, () => {
      said += 1
      return talkers.say(`${canary} ${said}`)
    }),
  ]
  return async () => {
    ended = true
    await Promise.all(running)
  }
}
