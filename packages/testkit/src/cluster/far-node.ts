import { createNetworkNamespace } from '../faults/network-namespace.ts'
import { createRelay, type Relay } from '../harness/relay.ts'

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
  /** To be given to its server, so that its port is reached from outside. */
  readonly env: Readonly<Record<string, string>>
  dispose(): Promise<void>
}

const EXPOSE = new URL('./expose-preload.ts', import.meta.url)

export async function createFarNode(): Promise<FarNode> {
  const network = await createNetworkNamespace()
  const relays = Object.fromEntries(WIRES.map((name): [WireName, Relay[]] => [name, []]))
  const wires = (name: WireName): Relay[] => relays[name] ?? []
  const all = () => WIRES.flatMap(wires)
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
    env:
      network === undefined
        ? {}
        : { NODE_OPTIONS: `--import=${EXPOSE.href}`, EXPOSE_HOST: network.innerHost },
    async dispose() {
      await Promise.all(all().map(relay => relay.close()))
      await network?.remove()
    },
  }
}
