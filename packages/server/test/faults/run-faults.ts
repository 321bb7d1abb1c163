import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createJumpingClock, type Entry, mountSmallDisk, readHistory } from '@entangle/testkit/faults'
import { createTempDir, type SeededRandom, startServer, waitUntil } from '@entangle/testkit/harness'
import { ApiError } from '../support/api.ts'
import { type Cast, gatherCast, startTalk } from './cast.ts'
import { newCanary, noteCursors, noteStored, searchCanary } from './evidence.ts'
import { FAULTS, type FaultName, type Stage } from './faults.ts'
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

const isReady = (url: string) =>
  fetch(`${url}/readyz`).then(
    answer => answer.ok,
    () => false,
  )

/** Faults one after the other, while everybody writes. */
async function play(stage: Stage, faults: readonly FaultName[], perSecond: number, canary: string) {
  const { server, cast, random } = stage
  const conversations = [...new Set(cast.devices.flatMap(device => device.conversations))]
  const stopTalk = startTalk(cast, random, { perSecond, canary })
  let ended = false
  let probing: Promise<void> | undefined
  let kills = 0
  for (const [index, name] of faults.entries()) {
    await sleep(random.integer(200, 1500))
    cast.scene.note({ kind: 'fault', name })
    kills += await FAULTS[name](stage)
    await waitUntil(`the server after: ${name}`, () => isReady(server.url), Boolean, 60_000)
    await noteCursors(server.dataDir, conversations, cast.scene)
    if (index === Math.floor(faults.length / 3)) probing = probeEndedSession(cast, () => ended)
    if (index === Math.floor(faults.length / 2)) await removeDana(cast)
  }
  await sleep(1000)
  ended = true
  await stopTalk()
  await probing
  cast.scene.note({ kind: 'healed' })
  return { kills, conversations }
}

/** Everybody gets what they should have. What does not come is told, and the history is judged all the same. */
async function heal({ cast }: Stage, conversations: readonly Cast['groupId'][]): Promise<string[]> {
  const complaints: string[] = []
  const expectSoon = (work: Promise<unknown>) =>
    work.catch(error => complaints.push(String(error instanceof Error ? error.message : error).slice(0, 500)))
  const unsettled = () => cast.devices.map(device => device.unsettled)
  await expectSoon(waitUntil('answers', unsettled, all => all.every(count => count === 0), 30_000))
  const others = cast.devices.filter(device => device !== cast.dana)
  for (const id of conversations) {
    const places = () =>
      others.filter(device => device.conversations.includes(id)).map(device => device.lastSeq(id))
    await expectSoon(
      waitUntil(`everybody at the end of ${id}`, places, all => new Set(all).size === 1, 30_000),
    )
  }
  await expectSoon(cast.talkers.conclude())
  return complaints
}

export async function runFaults(
  random: SeededRandom,
  faults: readonly FaultName[],
  { diskMiB, perSecond }: { readonly diskMiB: number; readonly perSecond: number },
): Promise<Run> {
  const folder = await createTempDir('history')
  const clock = await createJumpingClock()
  const disk = await mountSmallDisk(diskMiB)
  const server = await startServer({
    ...(disk === undefined ? {} : { dataDir: join(disk.path, 'data') }),
    env: { RATE_LIMITS: 'off-for-benchmarks', LOG_LEVEL: 'error', ...clock.env },
  })
  let cast: Cast | undefined
  try {
    cast = await gatherCast(server.url, folder.path)
    const { scene, committers } = cast
    const stage: Stage = { server, cast, random, clock, disk }
    const canary = newCanary()
    if (disk === undefined) process.stdout.write('faults: no full disk, which takes Linux and root\n')
    const possible = faults.filter(name => disk !== undefined || name !== 'disk full')
    const { kills, conversations } = await play(stage, possible, perSecond, canary)
    const complaints = await heal(stage, conversations)
    await noteCursors(server.dataDir, conversations, scene)
    await noteStored(server.dataDir, conversations, scene)
    await searchCanary(server.dataDir, server.output(), canary, scene)
    await cast.close()
    const history = await readHistory(folder.path)
    const commitsLost = committers.reduce((sum, { lost }) => sum + lost, 0)
    complaints.push(...committers.flatMap(committer => committer.complaints))
    return { history, kills, complaints, commitsLost, forget: folder.remove, folder: folder.path }
  } catch (error) {
    await cast?.close()
    throw new Error(
      `The run broke off; its history lies in ${folder.path}.\n${server.output().slice(-3000)}`,
      { cause: error },
    )
  } finally {
    await server.dispose()
    if (disk !== undefined) {
      await rm(server.dataDir, { recursive: true, force: true })
      await disk.remove()
    }
    await clock.remove()
  }
}
