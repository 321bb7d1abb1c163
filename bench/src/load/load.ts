import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Target } from './fleet.ts'
import { createHistogram, type Histogram } from './histogram.ts'
import type { Order } from './load-worker.ts'
import type { ReadingPlan } from './reading.ts'
import type { SeededDevice } from './seed.ts'
import type { Tally, TrafficPlan } from './traffic.ts'

export type Measured = {
  readonly seconds: number
  readonly completed: number
  readonly deliveries: number
  readonly latencies: Histogram
  /** What each probe rose by. */
  readonly used: Readonly<Record<string, number>>
}

export type Plan = TrafficPlan | 'read'

/** All processes of the load together. */
export type Load = {
  /** Each conversation's devices are in one process, so that this process sees when all of them have a message. */
  open(fleet: string, target: Target, devices: readonly SeededDevice[]): Promise<void>
  /** Lets the devices sign in ahead; `open` does it otherwise. */
  signIn(target: Target, devices: readonly SeededDevice[]): Promise<void>
  /** Names who reads when the plan is `read`. */
  readers(fleet: string, plan: ReadingPlan): Promise<void>
  /** Sends so many messages, all devices in turn, and waits for their acknowledgements. */
  send(fleet: string, count: number): Promise<void>
  measure(fleet: string, plan: Plan, seconds: number, probes: Probes): Promise<Measured>
  /** Throws when a socket has ended that was not meant to. */
  check(fleet: string): Promise<void>
  close(fleet: string): Promise<void>
  end(): void
}

/** Readings taken at the beginning and at the end of what is measured, such as the processor seconds of a server. */
export type Probes = Readonly<Record<string, () => Promise<number>>>

const WORKER = fileURLToPath(new URL('load-worker.ts', import.meta.url))
const WARM_UP_MS = 500
const DRAIN_MS = 10_000

export type LoadOptions = {
  readonly processes: number
  /** Some of those who write encrypt what they write. */
  readonly mls?: boolean
}

function startWorker(mls: boolean) {
  const child: ChildProcess = fork(WORKER, mls ? ['--mls'] : [], { serialization: 'advanced' })
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  let ids = 0
  child.on('message', ({ id, answer, error }: { id: number; answer: unknown; error?: string }) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(answer)
    else asked?.reject(new Error(error))
  })
  child.once('exit', code => {
    for (const { reject } of waiting.values()) reject(new Error(`a process of the load ended (${code})`))
  })
  return {
    ask: (order: Order): Promise<unknown> =>
      new Promise((resolve, reject) => {
        waiting.set(++ids, { resolve, reject })
        child.send({ id: ids, order })
      }),
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}

const readAll = async (probes: Probes): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(probes).map(async ([name, read]) => [name, await read()] as const)),
  )

function shareOf(plan: Plan, processes: number): Plan {
  if (plan === 'read') return plan
  const { arrival, until } = plan
  return arrival.kind === 'open'
    ? { until, arrival: { ...arrival, perSecond: arrival.perSecond / processes } }
    : { until, arrival: { ...arrival, outstanding: Math.ceil(arrival.outstanding / processes) } }
}

export function startLoad({ processes, mls = false }: LoadOptions): Load {
  const workers = Array.from({ length: processes }, () => startWorker(mls))
  /** Which of them have a part of the fleet. */
  const used = new Map<string, typeof workers>()

  /** A conversation's devices always come to the same process. */
  function share(devices: readonly SeededDevice[]): SeededDevice[][] {
    const parts: SeededDevice[][] = workers.map(() => [])
    for (const device of devices) parts[device.conversation % workers.length]?.push(device)
    return parts
  }

  const askAll = (fleet: string, order: Order): Promise<unknown[]> =>
    Promise.all((used.get(fleet) ?? []).map(worker => worker.ask(order)))

  const takeAll = async (fleet: string): Promise<Tally[]> =>
    (await askAll(fleet, { fleet, kind: 'take' })) as Tally[]

  /** What is still under way does not run into the next round. */
  async function drain(fleet: string): Promise<void> {
    const giveUpAt = performance.now() + DRAIN_MS
    while ((await takeAll(fleet)).some(tally => tally.unanswered > 0)) {
      if (performance.now() > giveUpAt) throw new Error('messages were not answered')
      await sleep(20)
    }
  }

  return {
    async signIn(target, devices) {
      const parts = share(devices)
      await Promise.all(
        workers.map((worker, at) =>
          worker.ask({ fleet: '', kind: 'sign-in', target, devices: parts[at] ?? [] }),
        ),
      )
    },
    async open(fleet, target, devices) {
      const parts = share(devices)
      used.set(
        fleet,
        workers.filter((_, at) => (parts[at]?.length ?? 0) > 0),
      )
      await Promise.all(
        workers.map((worker, at) => worker.ask({ fleet, kind: 'open', target, devices: parts[at] ?? [] })),
      )
    },
    async readers(fleet, plan) {
      const parts = share(plan.devices)
      used.set(fleet, workers)
      await Promise.all(
        workers.map((worker, at) =>
          worker.ask({
            fleet,
            kind: 'readers',
            plan: { ...plan, devices: parts[at] ?? [], readers: Math.ceil(plan.readers / workers.length) },
          }),
        ),
      )
    },
    async send(fleet, count) {
      const processes = used.get(fleet)?.length ?? 1
      const plan: TrafficPlan = {
        arrival: { kind: 'closed', outstanding: 16, count: Math.ceil(count / processes) },
        until: 'acknowledged',
      }
      await askAll(fleet, { fleet, kind: 'start', plan })
      await drain(fleet)
    },
    async measure(fleet, plan, seconds, probes) {
      const part = shareOf(plan, used.get(fleet)?.length ?? 1)
      await askAll(fleet, { fleet, kind: 'start', plan: part })
      await sleep(WARM_UP_MS)
      await takeAll(fleet)
      const before = await readAll(probes)
      const startedAt = performance.now()
      await sleep(seconds * 1000)
      const [tallies, after] = await Promise.all([takeAll(fleet), readAll(probes)])
      const took = (performance.now() - startedAt) / 1000
      await askAll(fleet, { fleet, kind: 'stop' })
      await drain(fleet)
      const sum = (read: (tally: Tally) => number) => tallies.reduce((total, tally) => total + read(tally), 0)
      const refused = sum(tally => tally.refused)
      if (refused > 0) throw new Error(`${refused} messages were refused`)
      const latencies = createHistogram()
      for (const tally of tallies) latencies.add(tally.latencies)
      return {
        seconds: took,
        completed: sum(tally => tally.completed),
        deliveries: sum(tally => tally.deliveries),
        latencies,
        used: Object.fromEntries(
          Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
        ),
      }
    },
    async check(fleet) {
      await takeAll(fleet)
    },
    async close(fleet) {
      await askAll(fleet, { fleet, kind: 'close' })
    },
    end() {
      for (const worker of workers) worker.end()
    },
  }
}
