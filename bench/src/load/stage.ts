import type { PeerOptions } from '../peers/naive-server.ts'
import { startPeer } from '../peers/peer-process.ts'
import { startLoad } from './load.ts'
import { type MeasuredServer, probesOf, startMeasuredServer } from './measured-server.ts'
import type { Contender } from './rounds.ts'
import type { SeededDevice } from './seed.ts'

/** The measured server and its peers, each in a process of its own with its sockets open, and the load before them. */
export type Stage = {
  readonly measured: MeasuredServer
  readonly load: ReturnType<typeof startLoad>
  enterOurs(name: string, devices: readonly SeededDevice[]): Promise<Contender>
  enterPeer(
    name: string,
    program: string,
    options: PeerOptions,
    devices: readonly SeededDevice[],
  ): Promise<Contender>
}

export const OURS = 'entangle'

/** Sets up, lets `play` measure, and leaves nothing running. */
export async function onStage(
  options: { readonly processes: number; readonly env?: Readonly<Record<string, string>> },
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const endings: (() => unknown)[] = []
  try {
    const measured = await startMeasuredServer(options.env)
    endings.push(() => measured.dispose())
    const load = startLoad(options.processes)
    endings.push(() => load.end())
    await play({
      measured,
      load,
      async enterOurs(name, devices) {
        await load.open(name, { kind: 'entangle', port: measured.server.port }, devices)
        return { name, probes: probesOf(() => measured.server.pid() ?? 0, measured) }
      },
      async enterPeer(name, program, peerOptions, devices) {
        const peer = await startPeer(program, peerOptions)
        endings.push(() => peer.end())
        await load.open(name, { kind: 'peer', port: peer.port }, devices)
        return { name, probes: probesOf(() => peer.pid, measured) }
      },
    })
  } finally {
    for (const end of endings.reverse()) await end()
  }
}
