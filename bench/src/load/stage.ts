import { createEndings } from '@entangle/testkit/harness'
import { type PeerProcess, type ProgramOptions, startPeer } from '../peers/peer-process.ts'
import type { Target } from './fleet.ts'
import { type LoadOptions, startLoad } from './load.ts'
import {
  type MeasuredOptions,
  type MeasuredServer,
  probesOf,
  startMeasuredServer,
} from './measured-server.ts'
import type { Contender } from './rounds.ts'
import type { SeededDevice } from './seed.ts'

/** The measured server and its peers, each in a process of its own with its sockets open, and the load before them. */
export type Stage = {
  readonly measured: MeasuredServer
  readonly load: ReturnType<typeof startLoad>
  readonly ours: Target
  startPeer: typeof startPeer
  enterOurs(name: string, devices: readonly SeededDevice[]): Promise<Contender>
  enterPeer<Program extends keyof ProgramOptions>(peer: {
    readonly name: string
    readonly program: Program
    readonly options: ProgramOptions[Program]
    readonly kind?: Target['kind']
    /** What runs it, if not this Node. */
    readonly execPath?: string
    readonly devices: readonly SeededDevice[]
  }): Promise<Contender>
  /** A peer that is no program of ours and runs already; it is ended with the rest. */
  enterProgram(peer: {
    readonly name: string
    readonly program: PeerProcess
    readonly kind: Target['kind']
    readonly devices: readonly SeededDevice[]
  }): Promise<Contender>
}

export const OURS = 'entangle'

/** Sets up, lets `play` measure, and leaves nothing running. */
export async function onStage(
  options: MeasuredOptions & LoadOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const endings = createEndings()
  try {
    const measured = await startMeasuredServer(options)
    endings.add(() => measured.dispose())
    const load = startLoad(options)
    endings.add(() => load.end())
    const ours: Target = { kind: 'entangle', port: measured.server.port }
    const enter = async <Program extends keyof ProgramOptions>(
      program: Program,
      peerOptions: ProgramOptions[Program],
      execPath?: string,
    ): Promise<PeerProcess> => {
      const peer = await startPeer(program, peerOptions, execPath)
      endings.add(() => peer.end())
      return peer
    }
    await play({
      measured,
      load,
      ours,
      startPeer: enter,
      async enterOurs(name, devices) {
        await load.open(name, ours, devices)
        return { name, probes: probesOf(() => measured.server.pid() ?? 0, measured) }
      },
      async enterPeer({ name, program, options: peerOptions, kind = 'peer', execPath, devices }) {
        const peer = await enter(program, peerOptions, execPath)
        await load.open(name, { kind, port: peer.port }, devices)
        return { name, probes: probesOf(() => peer.pid, measured) }
      },
      async enterProgram({ name, program, kind, devices }) {
        endings.add(() => program.end())
        await load.open(name, { kind, port: program.port }, devices)
        return { name, probes: probesOf(() => program.pid, measured) }
      },
    })
  } finally {
    await endings.dispose()
  }
}
