import { fileURLToPath } from 'node:url'
import { createNetworkNamespace } from '../faults/network-namespace.ts'
import { createRelay, type Relay } from '../harness/relay.ts'
import { type ServiceProcess, startService } from '../services/service-process.ts'

const WIRES = ['database', 'redis', 'kafka', 'services'] as const
export type WireName = (typeof WIRES)[number]

/** A chat node that reaches everybody else by wires, and lies in a network of its own where that is permitted. */
export type FarNode = {
  /** One wire for each port that it has to reach. */
  wireTo(name: WireName, port: number): Promise<Relay>
  wires(name: WireName): readonly Relay[]
  /** Whether its network is one of its own, and not only its wires. */
  readonly hasNetwork: boolean
  /** Nothing passes between it and anybody, those who ask it included where its network is its own. */
  part(): Promise<void>
  join(): Promise<void>
  /** Where its program runs: a port of it is reached under this host. */
  readonly within: { readonly enter: readonly string[]; readonly host: string } | undefined
  /** Its server listens on loopback, as one without HTTPS has to: makes it reached from outside. */
  expose(port: number): Promise<void>
  dispose(): Promise<void>
}

const RELAY = fileURLToPath(new URL('./expose-main.ts', import.meta.url))

export async function createFarNode(): Promise<FarNode> {
  const network = await createNetworkNamespace()
  const relays = Object.fromEntries(WIRES.map((name): [WireName, Relay[]] => [name, []]))
  const wires = (name: WireName): Relay[] => relays[name] ?? []
  const all = () => WIRES.flatMap(wires)
  const exposing: ServiceProcess[] = []
  return {
    async wireTo(name, port) {
      const relay = await createRelay(port, network && { host: network.outerHost })
      wires(name).push(relay)
      return relay
    },
    wires,
    hasNetwork: network !== undefined,
    async part() {
      if (network === undefined) for (const relay of all()) relay.hold()
      else await network.part()
    },
    async join() {
      if (network === undefined) for (const relay of all()) relay.heal()
      else await network.join()
    },
    within: network && { enter: network.enter, host: network.innerHost },
    async expose(port) {
      if (network === undefined) return
      const [file = '', ...enter] = network.enter
      const service = await startService({
        name: 'the way into the network',
        file,
        args: [...enter, process.execPath, RELAY, network.innerHost, String(port)],
        cwd: process.cwd(),
        check: async () => undefined,
      })
      exposing.push(service)
    },
    async dispose() {
      await Promise.all(all().map(relay => relay.close()))
      await Promise.all(exposing.map(service => service.kill9()))
      await network?.remove()
    },
  }
}
