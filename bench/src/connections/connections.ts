import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../load/fleet.ts'
import { residentBytes } from '../load/processor-time.ts'
import { seedDevices } from '../load/seed.ts'
import { OURS, onStage } from '../load/stage.ts'
import type { Report } from '../report.ts'

type Options = { readonly processes: number; readonly sockets: number; readonly steps: number }

const BARE = 'bare `ws`'
/** After the last socket: what was needed only to open them is given back. */
const SETTLE_MS = 12_000

type Contender = { readonly name: string; readonly target: Target; readonly pid: () => number }

/** Idle sockets: each an authenticated device that has said hello, hears of its conversation and was told its heads. */
export async function benchConnections(report: Report, options: Options): Promise<void> {
  const { sockets, steps } = options
  report.say(`${sockets} idle connections, opened turns about in ${steps} steps:`)
  await onStage({ processes: options.processes }, async ({ measured, load, ours, startPeer }) => {
    const devices = await seedDevices(measured.view, { first: 0, count: sockets, size: 2 })
    const peer = await startPeer('naive-server', { store: 'none' })
    const contenders: readonly [Contender, Contender] = [
      { name: OURS, target: ours, pid: () => measured.server.pid() ?? 0 },
      { name: BARE, target: { kind: 'peer', port: peer.port }, pid: () => peer.pid },
    ]
    // Signing in has its own costs; they are not the connection's.
    await load.signIn(ours, devices)
    const memory = () => Promise.all(contenders.map(({ pid }) => residentBytes(pid())))
    const readings: number[][] = []
    for (let step = 0; step < steps; step++) {
      const part = devices.slice((step * sockets) / steps, ((step + 1) * sockets) / steps)
      for (const { name, target } of contenders) await load.open(`${name} ${step}`, target, part)
      await sleep(SETTLE_MS)
      readings.push(await memory())
    }
    // From the first step on: code and heap grow once, whatever opens.
    const counted = (sockets * (steps - 1)) / steps
    const [value = 0, peerValue = 0] = contenders.map(
      (_, at) => ((readings.at(-1)?.[at] ?? 0) - (readings[0]?.[at] ?? 0)) / counted / 1024,
    )
    const measure = 'resident memory an idle connection'
    report.add({ measure, value, unit: 'KiB', peer: BARE, peerValue, ratioAtMost: 1.5 })
    const total = (readings.at(-1)?.[0] ?? 0) / 1024 / 1024
    report.add({ measure: 'resident memory of the server in all', value: total, unit: 'MiB' })
    for (let step = 0; step < steps; step++)
      for (const { name } of contenders) await load.check(`${name} ${step}`)
    report.say('  no connection was lost')
  })
}
