import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import { randomFrom, type SeededRandom } from '@entangle/testkit/harness'
import { createSimWorld, type SimConnection, type SimNode, type SimWorld } from '@entangle/testkit/simulation'
import { describe, expect, test } from 'vitest'

const idOf = <Id extends string>(number: number) => String(number).padStart(22, 'A') as Id
const device = (number: number) => idOf<DeviceId>(number)
const account = (number: number) => idOf<AccountId>(number)
const conversation = (number: number) => idOf<ConversationId>(number)
/** By then every node has announced, and trusts what it is told. */
const SETTLED_MS = 6000

/** Which of several nodes were told of a message. */
async function toldBy(world: SimWorld, action: () => void): Promise<readonly number[]> {
  const before = world.nodes.map(node => node.heard())
  action()
  await world.settle()
  return world.nodes.flatMap((node, at) => (node.heard() > (before[at] ?? 0) ? [at] : []))
}

async function openWorld(random = randomFrom(1), nodes = 5, registryTurns = 0): Promise<SimWorld> {
  const world = createSimWorld({ nodes, random, registryTurns })
  await world.settle()
  await world.clock.advance(SETTLED_MS, world.settle)
  return world
}

const nodeOf = ({ nodes }: SimWorld, at: number): SimNode => {
  const node = nodes[at]
  if (node === undefined) throw new RangeError('no such node')
  return node
}

describe('what is published goes where somebody listens', () => {
  test('to the nodes of the members, and no others', async () => {
    const world = await openWorld()
    world.found(conversation(1), [device(1), device(2), device(3)])
    await nodeOf(world, 0).connect(device(1), account(1))
    await nodeOf(world, 3).connect(device(2), account(2))
    await nodeOf(world, 4).connect(device(9), account(9))
    const send = () => world.send(conversation(1), device(1), nodeOf(world, 0))
    expect(await toldBy(world, () => void send())).toEqual([0, 3])
    // Who comes when the conversation is known already is added to it.
    await nodeOf(world, 2).connect(device(3), account(3))
    expect(await toldBy(world, () => void send())).toEqual([0, 2, 3])
  })

  test('to whoever comes in, and to whoever is put out', async () => {
    const world = await openWorld()
    world.found(conversation(1), [device(1)])
    await nodeOf(world, 0).connect(device(1), account(1))
    await nodeOf(world, 3).connect(device(2), account(2))
    const through = nodeOf(world, 0)
    const change = (kind: 'joined' | 'left') => () => world.change(conversation(1), kind, device(2), through)
    const send = () => void world.send(conversation(1), device(1), through)
    expect(await toldBy(world, send)).toEqual([0])
    expect(await toldBy(world, change('joined'))).toEqual([0, 3])
    expect(await toldBy(world, send)).toEqual([0, 3])
    expect(await toldBy(world, change('left'))).toEqual([0, 3])
    expect(await toldBy(world, send)).toEqual([0])
  })

  test('everywhere, while what was known is lost, and no longer', async () => {
    const world = await openWorld()
    world.found(conversation(1), [device(1), device(2)])
    await nodeOf(world, 0).connect(device(1), account(1))
    await nodeOf(world, 3).connect(device(2), account(2))
    const send = () => void world.send(conversation(1), device(1), nodeOf(world, 0))
    world.loseInterest()
    expect(await toldBy(world, send)).toEqual([0, 1, 2, 3, 4])
    await world.clock.advance(SETTLED_MS + 2000, world.settle)
    expect(await toldBy(world, send)).toEqual([0, 3])
  })

  test('everywhere, while the registry does not answer; then also to those who could not announce', async () => {
    const world = await openWorld()
    world.found(conversation(1), [device(1), device(2)])
    await nodeOf(world, 0).connect(device(1), account(1))
    const send = () => void world.send(conversation(1), device(1), nodeOf(world, 0))
    await toldBy(world, send)
    world.breakRegistry(true)
    await nodeOf(world, 3).connect(device(2), account(2))
    await world.clock.advance(2000, world.settle)
    expect(await toldBy(world, send)).toEqual([0, 1, 2, 3, 4])
    world.breakRegistry(false)
    await world.clock.advance(2000, world.settle)
    expect(await toldBy(world, send)).toContain(3)
    await world.clock.advance(10 * 60_000, world.settle)
    expect(await toldBy(world, send)).toEqual([0, 3])
  })
})

test('whoever comes while everybody is announced anew is not forgotten', async () => {
  const world = await openWorld(randomFrom(1), 2, 40)
  world.found(conversation(1), [device(1), device(2)])
  await nodeOf(world, 0).connect(device(1), account(1))
  world.breakRegistry(true)
  await world.clock.advance(3000, world.settle)
  world.breakRegistry(false)
  // The look of each node has begun, and its answer is on the way.
  const arrivals: Promise<unknown>[] = []
  await world.clock.advance(1000, async () => {
    for (let turns = 0; turns < 100; turns++) {
      await new Promise(resolve => setImmediate(resolve))
      arrivals.push(nodeOf(world, 1).connect(device(100 + turns), account(100 + turns)))
    }
  })
  await Promise.all(arrivals)
  await world.settle()
  // Long enough for what was put together meanwhile to run out, and not for the next renewal.
  await world.clock.advance(6 * 60_000, world.settle)
  const announced = await Promise.all(arrivals.map((_, turns) => world.isAnnounced(device(100 + turns))))
  expect(announced.filter(isKnown => !isKnown)).toEqual([])
})

/** Everything that was stored while a member's connection listened, and that it was not shown. */
function missing(world: SimWorld, opened: readonly SimConnection[]): string[] {
  return opened.flatMap(({ isOpen, deviceId, from, seen }) => {
    if (!isOpen) return []
    return [...from].flatMap(([id, head]) => {
      if (!world.membersOf(id).has(deviceId)) return []
      const places = Array.from({ length: world.headOf(id) - head }, (_, index) => head + index + 1)
      return places.filter(seq => !seen.get(id)?.has(seq)).map(seq => `${deviceId} ${id} ${String(seq)}`)
    })
  })
}

async function playHistory(random: SeededRandom): Promise<string[]> {
  const world = await openWorld(random, 4, 4)
  const ids = [conversation(1), conversation(2)]
  for (const id of ids) world.found(id, [device(1), device(2), device(3)])
  const opened: { readonly connection: Promise<SimConnection>; readonly node: SimNode }[] = []
  const here = new Map<number, (typeof opened)[number]>()
  const anyNode = () => random.pick(world.nodes)
  const anyone = () => random.integer(1, 8)
  function connect(number: number): void {
    if (here.has(number)) return
    const node = anyNode()
    const arrival = { node, connection: node.connect(device(number), account(number)) }
    opened.push(arrival)
    here.set(number, arrival)
  }
  async function disconnect(number: number): Promise<void> {
    const arrival = here.get(number)
    here.delete(number)
    arrival?.node.disconnect(await arrival.connection)
  }
  function change(number: number): void {
    const id = random.pick(ids)
    const isIn = world.membersOf(id).has(device(number))
    world.change(id, isIn ? 'left' : 'joined', device(number), anyNode())
  }
  const send = () => world.send(random.pick(ids), device(1), anyNode())
  const steps = [
    send,
    send,
    () => connect(anyone()),
    () => connect(anyone()),
    () => change(anyone()),
    () => disconnect(anyone()),
  ]
  for (let step = 0; step < 60; step++) {
    void random.pick(steps)()
    for (let turns = random.integer(0, 6); turns > 0; turns--)
      await new Promise(resolve => setImmediate(resolve))
  }
  await world.settle()
  return missing(world, await Promise.all(opened.map(({ connection }) => connection)))
}

test('whatever comes in between, nobody who listens is passed by', async () => {
  for (let seed = 1; seed <= 60; seed++)
    expect(await playHistory(randomFrom(seed)), `seed ${String(seed)}`).toEqual([])
})
