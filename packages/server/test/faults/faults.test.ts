import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkHistory,
  createJumpingClock,
  describeViolations,
  mountSmallDisk,
  readHistory,
  TAMPERINGS,
} from '@entangle/testkit/faults'
import {
  createSeededRandom,
  createTempDir,
  type SeededRandom,
  startServer,
  waitUntil,
} from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { ApiError } from '../support/api.ts'
import { type Cast, gatherCast, startTalk } from './cast.ts'
import { countFaults, newCanary, noteCursors, noteStored, searchCanary } from './evidence.ts'
import { FAULTS, type FaultName, type Stage, WEIGHTS } from './faults.ts'
import { callUntilAnswered } from './patience.ts'

const isCampaign = process.env['CAMPAIGN'] === 'long'
const rounds = Number(process.env['ROUNDS'] ?? (isCampaign ? 150 : 0))
/** In `npm test` every kind once, kills more often. */
const SHORT: readonly FaultName[] = [
  'server killed',
  'readers stalled',
  'database killed',
  'database connection killed',
  'disk full',
  'server and database killed',
  'clock jumped',
  'storm of connections',
  'restart under load',
  'server killed while it starts',
  'database killed',
]
const DISK_MIB = isCampaign ? 2500 : 400

function chooseFaults(random: SeededRandom): readonly FaultName[] {
  if (rounds === 0) return SHORT
  const names = Object.keys(WEIGHTS) as FaultName[]
  const lots = names.flatMap(name => Array.from({ length: WEIGHTS[name] }, () => name))
  return Array.from({ length: rounds }, () => random.pick(lots))
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

test(
  `P40 P41 P44 P63 P84 P85 under faults nothing acknowledged is lost and nothing comes twice`,
  async () => {
    const random = createSeededRandom('faults')
    const folder = await createTempDir('history')
    const clock = await createJumpingClock()
    const disk = await mountSmallDisk(DISK_MIB)
    const server = await startServer({
      ...(disk === undefined ? {} : { dataDir: join(disk.path, 'data') }),
      env: { RATE_LIMITS: 'off-for-benchmarks', LOG_LEVEL: 'error', ...clock.env },
    })
    let failed = true
    try {
      const cast = await gatherCast(server.url, folder.path)
      const stage: Stage = { server, cast, random, clock, disk }
      const conversations = [...new Set(cast.devices.flatMap(device => device.conversations))]
      const canary = newCanary()
      const stopTalk = startTalk(cast, random, { perSecond: isCampaign ? 10 : 20, canary })
      let ended = false
      let probing: Promise<void> | undefined
      let kills = 0
      const faults = chooseFaults(random)
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
      const others = cast.devices.filter(device => device !== cast.dana)
      await waitUntil(
        'answers',
        () => cast.devices.map(device => device.unsettled),
        all => all.every(count => count === 0),
        60_000,
      )
      for (const id of conversations) {
        const places = () =>
          others.filter(device => device.conversations.includes(id)).map(device => device.lastSeq(id))
        await waitUntil(`everybody at the end of ${id}`, places, all => new Set(all).size === 1, 120_000)
      }
      await cast.talkers.conclude()
      await noteCursors(server.dataDir, conversations, cast.scene)
      await noteStored(server.dataDir, conversations, cast.scene)
      await searchCanary(server.dataDir, server.output(), canary, cast.scene)
      await cast.close()

      const history = await readHistory(folder.path)
      const { violations, figures } = checkHistory(history)
      process.stdout.write(
        `faults: ${countFaults(history)}; ${kills} kills\n${JSON.stringify(figures)}; commits lost in races: ${cast.committers.map(({ lost }) => lost).join(' and ')}\n`,
      )
      expect(describeViolations(violations)).toBe('')
      expect(kills).toBeGreaterThanOrEqual(rounds === 0 ? 5 : rounds / 2)
      expect(figures.acknowledged).toBeGreaterThan(faults.length * 50)
      expect(figures.commits).toBeGreaterThan(3)
      // What passes must be able to fail: the same history with one fault in it.
      for (const { name, breaks, apply } of TAMPERINGS) {
        const found = checkHistory(apply(history)).violations.map(({ property }) => property)
        expect([...new Set(found)], name).toEqual(expect.arrayContaining([...breaks]))
      }
      failed = false
    } finally {
      if (failed)
        process.stdout.write(`The history lies in ${folder.path}; server: ${server.output().slice(-3000)}\n`)
      else await folder.remove()
      await server.dispose()
      if (disk !== undefined) {
        await rm(server.dataDir, { recursive: true, force: true })
        await disk.remove()
      }
      await clock.remove()
    }
  },
  isCampaign ? 4 * 3600 * 1000 : 240_000,
)
