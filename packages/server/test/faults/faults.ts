import { setTimeout as sleep } from 'node:timers/promises'
import {
  findBackends,
  findPostmaster,
  type JumpingClock,
  kill9,
  type SmallDisk,
} from '@entangle/testkit/faults'
import { openDatabaseView, type SeededRandom, type ServerProcess } from '@entangle/testkit/harness'
import type { Cast } from './cast.ts'

export type Stage = {
  readonly server: ServerProcess
  readonly cast: Cast
  readonly random: SeededRandom
  readonly clock: JumpingClock
  readonly disk: SmallDisk | undefined
}

/** Answers with the number of processes it killed. */
export type Fault = (stage: Stage) => Promise<number>

const CHAT = 'entangle_chat'
const HOUR_MS = 3600 * 1000

async function killServer({ server }: Stage): Promise<number> {
  await server.kill9()
  await server.restart()
  return 1
}

async function killBackend({ server, random }: Stage): Promise<number> {
  const backends = await findBackends(server.dataDir, CHAT)
  return backends.length > 0 && kill9(random.pick(backends)) ? 1 : 0
}

async function killPostgres({ server }: Stage): Promise<number> {
  return kill9(await findPostmaster(server.dataDir)) ? 1 : 0
}

/** All at the same moment, as far as two signals can be. */
async function killBoth({ server }: Stage): Promise<number> {
  const postgres = kill9(await findPostmaster(server.dataDir))
  await server.kill9()
  await server.restart()
  return postgres ? 2 : 1
}

/** Killed again while it starts. */
async function killStarting({ server, random }: Stage): Promise<number> {
  await server.kill9()
  const starting = server.restart().catch(() => undefined)
  await sleep(random.integer(100, 1500))
  await server.kill9()
  await starting
  await server.restart()
  return 2
}

/** So that it needs more log than it has, and cannot go on: it gives up and is started until it can. */
async function useUpLog(dataDir: string): Promise<void> {
  const view = await openDatabaseView(dataDir)
  try {
    for (let segment = 0; segment < 10; segment++) {
      await view.query('postgres', 'SELECT pg_switch_wal()')
      await sleep(200)
    }
  } catch {
    // That is when it gave up.
  } finally {
    await view.close().catch(() => undefined)
  }
}

/** No space for tables, at times none for the log either; then there is space again. */
async function fillDisk({ disk, server, random }: Stage): Promise<number> {
  if (disk === undefined) return 0
  await disk.fill(random.integer(0, 512) * 1024)
  if (random.next() < 0.7) await useUpLog(server.dataDir)
  await sleep(2000)
  await disk.empty()
  return 0
}

async function stallReaders({ cast, random }: Stage): Promise<number> {
  const readers = cast.devices.filter(() => random.next() < 0.5)
  await Promise.all(readers.map(device => device.stall(random.integer(500, 4000))))
  return 0
}

async function jumpClock({ clock, server, random }: Stage): Promise<number> {
  await clock.jump(random.pick([-HOUR_MS, -60_000, 60_000, HOUR_MS, 25 * HOUR_MS]), server.pid())
  await sleep(2000)
  await clock.jump(0, server.pid())
  return 0
}

async function storm({ cast }: Stage): Promise<number> {
  for (const device of cast.devices) device.hangUp()
  await Promise.all(cast.devices.map(device => device.storm(20)))
  return 0
}

async function restart({ server }: Stage): Promise<number> {
  const code = await server.stop()
  if (code !== 0) throw new Error(`a server that was asked to end ended with ${String(code)}`)
  await server.restart()
  return 0
}

export const FAULTS = {
  'server killed': killServer,
  'database connection killed': killBackend,
  'database killed': killPostgres,
  'server and database killed': killBoth,
  'server killed while it starts': killStarting,
  'disk full': fillDisk,
  'readers stalled': stallReaders,
  'clock jumped': jumpClock,
  'storm of connections': storm,
  'restart under load': restart,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** How often each comes in a long run: mostly kills. */
export const WEIGHTS: Readonly<Record<FaultName, number>> = {
  'server killed': 8,
  'database connection killed': 5,
  'database killed': 5,
  'server and database killed': 4,
  'server killed while it starts': 2,
  'disk full': 1,
  'readers stalled': 2,
  'clock jumped': 2,
  'storm of connections': 1,
  'restart under load': 2,
}
