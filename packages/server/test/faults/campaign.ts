import { setTimeout as sleep } from 'node:timers/promises'
import { type Entry, readHistory } from '@entangle/testkit/faults'
import { createTempDir, type SeededRandom, waitUntil } from '@entangle/testkit/harness'
import { ApiError } from '../support/api.ts'
import { type Cast, gatherCast, startTalk } from './cast.ts'
import { newCanary, noteCursors, noteStored, type OpenView, searchCanary, type Written } from './evidence.ts'
import { callUntilAnswered } from './patience.ts'

export type Run = {
  readonly history: readonly Entry[]
  readonly kills: number
  /** What did not come about in time, besides whatever the history says. */
  readonly complaints: readonly string[]
  readonly commitsLost: number
  /** Throws the files of the history away; they are worth a look after a failure. */
  readonly forget: () => Promise<void>
  readonly folder: string
}

/** What is under test, as far as a campaign has to know it. */
export type Scene<Name extends string> = {
  readonly url: string
  readonly openView: OpenView
  /** Whether everything serves again. */
  readonly isReady: () => Promise<boolean>
  /** Lets one fault happen and mends what does not mend itself. Answers with the number of processes killed. */
  readonly commit: (fault: Name, cast: Cast) => Promise<number>
  readonly output: () => string
  /** Everything that it has written, once all is over. */
  readonly written: () => Promise<Written>
}

type Plan<Name> = {
  readonly random: SeededRandom
  readonly faults: readonly Name[]
  /** Messages of each device. */
  readonly perSecond: number
  /** Between one fault and the next. */
  readonly restMs: readonly [least: number, most: number]
}

const READY_WITHIN_MS = 90_000

/** Ends a session and goes on trying to get in with it. */
async function probeEndedSession({ eve, scene }: Cast, ended: () => boolean): Promise<void> {
  const device = eve.device.deviceId
  const { accessToken, cookie } = eve.api
  await callUntilAnswered(eve, 'signOut', { eraseDevice: false })
  scene.note({ kind: 'revoked', device })
  while (!ended()) {
    eve.api.accessToken = accessToken
    eve.api.cookie = cookie
    for (const name of ['issueTicket', 'refreshSession'] as const) {
      const accepted = await eve.api.call(name, {}).then(
        () => true,
        error => (error instanceof ApiError && error.status < 500 ? false : undefined),
      )
      if (accepted !== undefined) scene.note({ kind: 'used', device, accepted })
    }
    await sleep(700)
  }
}

/** The owner puts Dana out in the middle of everything. */
async function removeDana({ committers, dana, groupId, scene }: Cast): Promise<void> {
  const [owner] = committers
  if (owner === undefined) throw new Error('no owner')
  const { seq, epoch } = await owner.insist({ remove: [dana.person.device.deviceId] })
  scene.note({ kind: 'removed', device: dana.id, conversation: groupId, seq, epoch })
}

const conversationsOf = ({ devices }: Cast) => [...new Set(devices.flatMap(device => device.conversations))]

/** Faults one after the other, while everybody writes. */
async function play<Name extends string>(scene: Scene<Name>, plan: Plan<Name>, cast: Cast, canary: string) {
  const { random, faults, perSecond, restMs } = plan
  const stopTalk = startTalk(cast, random, { perSecond, canary })
  let ended = false
  let probing: Promise<void> | undefined
  let kills = 0
  try {
    for (const [index, name] of faults.entries()) {
      await sleep(random.integer(...restMs))
      cast.scene.note({ kind: 'fault', name })
      kills += await scene.commit(name, cast)
      await waitUntil(`all to be ready after: ${name}`, scene.isReady, Boolean, READY_WITHIN_MS)
      await noteCursors(scene.openView, conversationsOf(cast), cast.scene)
      if (index === Math.floor(faults.length / 3)) probing = probeEndedSession(cast, () => ended)
      if (index === Math.floor(faults.length / 2)) await removeDana(cast)
    }
    await sleep(1000)
  } finally {
    ended = true
    await stopTalk()
  }
  await probing
  cast.scene.note({ kind: 'healed' })
  return kills
}

/** Everybody gets what they should have. What does not come is told, and the history is judged all the same. */
async function heal(cast: Cast): Promise<string[]> {
  const complaints: string[] = []
  const expectSoon = (work: Promise<unknown>) =>
    work.catch(error => complaints.push(String(error instanceof Error ? error.message : error).slice(0, 500)))
  const unsettled = () => cast.devices.map(device => device.unsettled)
  await expectSoon(waitUntil('answers', unsettled, all => all.every(count => count === 0), 30_000))
  const others = cast.devices.filter(device => device !== cast.dana)
  for (const id of conversationsOf(cast)) {
    const places = () =>
      others.filter(device => device.conversations.includes(id)).map(device => device.lastSeq(id))
    await expectSoon(
      waitUntil(`everybody at the end of ${id}`, places, all => new Set(all).size === 1, 30_000),
    )
  }
  await expectSoon(cast.talkers.conclude())
  return complaints
}

export async function runCampaign<Name extends string>(scene: Scene<Name>, plan: Plan<Name>): Promise<Run> {
  const folder = await createTempDir('history')
  let cast: Cast | undefined
  try {
    cast = await gatherCast(scene.url, folder.path)
    const recorder = cast.scene
    const canary = newCanary()
    const kills = await play(scene, plan, cast, canary)
    const complaints = await heal(cast)
    const conversations = conversationsOf(cast)
    await noteCursors(scene.openView, conversations, recorder)
    await noteStored(scene.openView, conversations, recorder)
    await searchCanary(scene.openView, await scene.written(), canary, recorder)
    await cast.close()
    const history = await readHistory(folder.path)
    const commitsLost = cast.committers.reduce((sum, { lost }) => sum + lost, 0)
    complaints.push(...cast.committers.flatMap(committer => committer.complaints))
    return { history, kills, complaints, commitsLost, forget: folder.remove, folder: folder.path }
  } catch (error) {
    await cast?.close()
    throw new Error(
      `The run broke off; its history lies in ${folder.path}.\n${scene.output().slice(-3000)}`,
      { cause: error },
    )
  }
}
