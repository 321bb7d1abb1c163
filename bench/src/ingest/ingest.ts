import type { LoadOptions, Measured } from '../load/load.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { conversationOf, seedDevices } from '../load/seed.ts'
import { OURS, onStage, type Stage } from '../load/stage.ts'
import type { TrafficPlan } from '../load/traffic.ts'
import { createPeerDatabase } from '../peers/peer-database.ts'
import type { Figure, Report } from '../report.ts'

type Options = Rounds &
  LoadOptions & {
    /** Messages a second where they arrive by themselves. */
    readonly rate: number
  }

const DEVICES = 1000
const STORES = ['transaction', 'statement'] as const
const peerName = (store: (typeof STORES)[number]) => `a ${store} a message`

const closed = (outstanding: number): TrafficPlan => ({
  arrival: { kind: 'closed', outstanding },
  until: 'acknowledged',
})

/** Acknowledged messages for a processor second of the server and its PostgreSQL together. */
const perProcessorSecond = (one: Measured): number => one.completed / usedSeconds(one, 'server', 'database')
const perDatabaseSecond = (one: Measured): number => one.completed / usedSeconds(one, 'database')
const perSecond = (one: Measured): number => one.completed / one.seconds
const latency = (share: number) => (one: Measured) => one.latencies.percentile(share)

/** Everybody on the stage with the same devices; the peers with a database in the same PostgreSQL. */
async function enterAll(
  { measured, enterOurs, enterPeer }: Stage,
  { count, size }: { readonly count: number; readonly size: number },
): Promise<Contender[]> {
  const devices = await seedDevices(measured.view, { first: 0, count, size })
  const conversations = Array.from({ length: count / size }, (_, number) => conversationOf(number))
  const database = await createPeerDatabase(measured.view, measured.server.dataDir, conversations)
  const contenders = [await enterOurs(OURS, devices)]
  for (const store of STORES)
    contenders.push(
      await enterPeer({
        name: peerName(store),
        program: 'naive-server',
        options: { store, database },
        devices,
      }),
    )
  return contenders
}

type Question = {
  readonly measure: string
  readonly unit: string
  readonly read: (one: Measured) => number
  readonly limits?: Partial<Record<(typeof STORES)[number], Pick<Figure, 'ratioAtLeast' | 'ratioAtMost'>>>
}

function compare(
  report: Report,
  results: ReadonlyMap<string, readonly Measured[]>,
  { measure, unit, read, limits }: Question,
): void {
  for (const store of STORES) {
    const peer = peerName(store)
    const value = medianOf(results.get(OURS), read)
    const peerValue = medianOf(results.get(peer), read)
    report.add({ measure, value, unit, peer, peerValue, ...limits?.[store] })
  }
}

async function benchSpread(report: Report, options: Options): Promise<void> {
  report.say(`${DEVICES} devices in conversations of two:`)
  await onStage(options, async stage => {
    const contenders = await enterAll(stage, { count: DEVICES, size: 2 })
    const lone = await playRounds(stage.load, contenders, closed(1), options)
    compare(report, lone, {
      measure: 'acknowledgement, 1 outstanding, p50',
      unit: 'ms',
      read: latency(0.5),
      limits: { statement: { ratioAtMost: 1.5 } },
    })
    compare(report, lone, { measure: '… p99', unit: 'ms', read: latency(0.99) })
    const crowd = await playRounds(stage.load, contenders, closed(100), options)
    compare(report, crowd, {
      measure: 'acknowledged, 100 outstanding, a processor second',
      unit: 'messages',
      read: perProcessorSecond,
      limits: { transaction: { ratioAtLeast: 6 }, statement: { ratioAtLeast: 4 } },
    })
    compare(report, crowd, { measure: '… of PostgreSQL alone', unit: 'messages', read: perDatabaseSecond })
    compare(report, crowd, { measure: '… a second', unit: 'messages', read: perSecond })
    compare(report, crowd, { measure: '… p50', unit: 'ms', read: latency(0.5) })
    compare(report, crowd, { measure: '… p99', unit: 'ms', read: latency(0.99) })
    // Arrivals that do not wait for answers: latency counts from when a message was due.
    const plan: TrafficPlan = {
      arrival: { kind: 'open', perSecond: options.rate },
      until: 'acknowledged',
    }
    const steady = await playRounds(stage.load, contenders, plan, options)
    const measure = `acknowledgement at ${options.rate} messages a second, p50`
    compare(report, steady, { measure, unit: 'ms', read: latency(0.5) })
    compare(report, steady, { measure: '… p99', unit: 'ms', read: latency(0.99) })
  })
}

/** Everybody writes in one place. So much from one device is over its limit, so limits are off here. */
async function benchHot(report: Report, options: Options): Promise<void> {
  report.say('One conversation of two devices, without rate limits:')
  const env = { RATE_LIMITS: 'off-for-benchmarks' }
  await onStage({ ...options, env }, async stage => {
    const contenders = await enterAll(stage, { count: 2, size: 2 })
    const results = await playRounds(stage.load, contenders, closed(1000), options)
    // What holds the peers up here is one lock, at which they wait without using a processor.
    compare(report, results, {
      measure: 'acknowledged, 1,000 outstanding, a second',
      unit: 'messages',
      read: perSecond,
      limits: { statement: { ratioAtLeast: 15 } },
    })
    compare(report, results, { measure: '… a processor second', unit: 'messages', read: perProcessorSecond })
  })
}

/** Durable acknowledgement: WebSocket, PostgreSQL, acknowledgement and delivery, beside what one would write first. */
export async function benchIngest(report: Report, options: Options): Promise<void> {
  await benchSpread(report, options)
  await benchHot(report, options)
}
