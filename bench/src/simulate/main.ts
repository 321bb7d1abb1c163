// node bench/src/simulate/main.ts [--seed N] [--nodes 1,20,200]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Cost, measureCost } from './cost.ts'
import { measureHealing } from './healing.ts'
import { ASSUMED } from './population.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '1,2,4,20,200,2000,20000' },
  },
})
const seed = Number(values.seed)
/** A million people, and a billion. */
const SMALL = 20
const LARGE = 20_000
/** How many times as much a node may read at a billion as at a million. */
const MOST_GROWTH = 2.5

const say = (line: string) => process.stdout.write(`${line}\n`)
const whole = (value: number) => Math.round(value).toLocaleString('en')
const percent = (value: number) => `${(100 * value).toFixed(value < 0.001 ? 3 : 1)} %`

function rowOf(cost: Cost): string {
  const { nodes, nodesAMessage, eventsANode, eventsIfAllReadAll, inVain, registryKeysANode } = cost
  const cells = [
    whole(nodes),
    whole(nodes * ASSUMED.connectionsANode),
    nodesAMessage.toFixed(2),
    whole(eventsANode),
    whole(eventsIfAllReadAll),
    percent(inVain),
    whole(registryKeysANode),
  ]
  return `| ${cells.join(' | ')} |`
}

async function simulate(): Promise<boolean> {
  say(`SEED=${String(seed)}\n`)
  say(
    '| nodes | connected | other nodes a message | events a node reads a second | if every node read all | read in vain | keys in Redis a second, for each node |',
  )
  say('|---|---|---|---|---|---|---|')
  const costs = new Map<number, Cost>()
  for (const nodes of values.nodes.split(',').map(Number)) {
    const cost = await measureCost(nodes, seed)
    costs.set(nodes, cost)
    say(rowOf(cost))
  }
  const healing = await measureHealing(seed)
  say(
    `\nOf ${whole(healing.deliveries)} deliveries with faults: ${percent(healing.pushed)} pushed, ${percent(healing.byGap)} found by a gap, ${percent(healing.byHeads)} by asking for the heads, ${String(healing.undelivered)} undelivered.`,
  )
  const [small, large] = [costs.get(SMALL), costs.get(LARGE)]
  const growth = small && large && large.eventsANode / small.eventsANode
  if (growth !== undefined)
    say(
      `A node at a billion reads ${growth.toFixed(2)} times what one at a million reads (at most ${String(MOST_GROWTH)}).`,
    )
  return healing.undelivered === 0 && (growth ?? 0) <= MOST_GROWTH
}

process.exitCode = (await simulate()) ? 0 : 1
