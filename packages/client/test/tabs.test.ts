import { describe, expect, test } from 'vitest'
import type { EngineRequestName } from '../src/api/engine-api.ts'
import { type Clock, sleep } from '../src/ports/clock.ts'
import type { HeldLock, Lock } from '../src/ports/lock.ts'
import { connectionOf, type EngineSubscriber } from '../src/rpc/subscriber.ts'
import { createWatchList } from '../src/rpc/watch-list.ts'
import { createCoordinator } from '../src/tabs/coordinator.ts'
import { createRelay } from '../src/tabs/relay.ts'
import type { TabChannel, TabMessage } from '../src/tabs/tab-channel.ts'

const flush = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** Time that passes only when the test says so. */
function createManualClock() {
  let now = 0
  const timers = new Map<number, { at: number; action: () => void }>()
  let next = 0
  const clock: Clock = {
    now: () => now,
    random: () => 0.5,
    after: (delay, action) => {
      const id = next++
      timers.set(id, { at: now + delay, action })
      return () => timers.delete(id)
    },
  }
  return {
    clock,
    async pass(ms: number) {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due[0])
        now = due[1].at
        due[1].action()
        await flush()
      }
      now = end
      await flush()
    },
  }
}

/** The semantics of Web Locks: one holder, a queue, and theft. */
function createSharedLock() {
  let holder: { lose: () => void } | undefined
  const queue: { grant: () => void }[] = []
  const take = (): HeldLock => {
    let lose: () => void = () => undefined
    const lost = new Promise<void>(resolve => {
      lose = resolve
    })
    const mine = { lose }
    holder = mine
    return {
      lost,
      release: () => {
        if (holder !== mine) return
        holder = undefined
        queue.shift()?.grant()
      },
    }
  }
  const lock: Lock = {
    wait: () => {
      let cancel: () => void = () => undefined
      const held = new Promise<HeldLock>((resolve, reject) => {
        const entry = { grant: () => resolve(take()) }
        cancel = () => {
          const at = queue.indexOf(entry)
          if (at >= 0) queue.splice(at, 1)
          reject(new Error('gave up'))
        }
        if (holder === undefined) entry.grant()
        else queue.push(entry)
      })
      return { held, cancel }
    },
    steal: async () => {
      holder?.lose()
      return take()
    },
  }
  return lock
}

/** Reaches all other tabs that are not frozen; copies what it carries as a real channel does. */
function createChannelHub() {
  const tabs = new Set<{ receive: ((message: TabMessage) => void) | undefined; frozen: boolean }>()
  return () => {
    const tab: { receive: ((message: TabMessage) => void) | undefined; frozen: boolean } = {
      receive: undefined,
      frozen: false,
    }
    tabs.add(tab)
    const channel: TabChannel = {
      post: message => {
        if (tab.frozen) return
        for (const other of tabs) {
          if (other !== tab && !other.frozen) {
            const copy = structuredClone(message)
            void Promise.resolve().then(() => other.receive?.(copy))
          }
        }
      },
      listen: receive => {
        tab.receive = receive
        return () => {
          tab.receive = undefined
        }
      },
      close: () => tabs.delete(tab),
    }
    return { channel, freeze: () => (tab.frozen = true), thaw: () => (tab.frozen = false) }
  }
}

function createWorld() {
  const { clock, pass } = createManualClock()
  const lock = createSharedLock()
  const join = createChannelHub()
  /** What became durable, by request id: asking twice has one effect. */
  const effects = new Map<string, { name: EngineRequestName; by: string }>()
  let running = 0
  let mostRunning = 0
  const state = { answering: true, startMs: 0 }

  const open = (tab: string) => {
    const { channel, freeze, thaw } = join()
    const relay = createRelay()
    let nextId = 0
    const coordinator = createCoordinator({
      tab,
      lock,
      channel,
      clock,
      relay,
      startEngine: async () => {
        running += 1
        mostRunning = Math.max(mostRunning, running)
        if (state.startMs > 0) await sleep(clock, state.startMs)
        const watches = createWatchList()
        watches.publish('connection', { phase: 'online' })
        return {
          subscribe: (): EngineSubscriber => ({
            handle: async (name, _input, id) => {
              if (!effects.has(id)) effects.set(id, { name, by: tab })
              if (!state.answering) await new Promise(() => undefined)
              return id
            },
            on: watches.add,
            close: () => undefined,
          }),
          stop: async () => {
            running -= 1
          },
        }
      },
    })
    const connection = connectionOf(relay, () => `${tab}-${nextId++}`)
    coordinator.start()
    return { coordinator, connection, freeze, thaw }
  }
  return { open, pass, effects, state, mostRunning: () => mostRunning, running: () => running }
}

describe('P65 one writer', () => {
  test('the first tab leads, the second asks it and hears from it', async () => {
    const world = createWorld()
    const one = world.open('one')
    await flush()
    const two = world.open('two')
    await flush()
    expect([one.coordinator.isLeader(), two.coordinator.isLeader()]).toEqual([true, false])
    const heard: unknown[] = []
    two.connection.on('connection', state => heard.push(state))
    const answer = two.connection.request('setTyping', { chatId: 'direct-x' as never, active: true })
    await flush()
    await expect(answer).resolves.toBe('two-0')
    expect(world.effects.get('two-0')?.by).toBe('one')
    expect(heard).toEqual([{ phase: 'online' }])
    expect(world.mostRunning()).toBe(1)
  })

  test('a closed leader is followed at once; what it did not answer is asked again under the same id', async () => {
    const world = createWorld()
    const one = world.open('one')
    await flush()
    const two = world.open('two')
    await flush()
    world.state.answering = false
    const answer = two.connection.request('setTyping', { chatId: 'direct-x' as never, active: true })
    await flush()
    expect(world.effects.get('two-0')?.by).toBe('one')
    world.state.answering = true
    await one.coordinator.close()
    await flush()
    expect(two.coordinator.isLeader()).toBe(true)
    await expect(answer).resolves.toBe('two-0')
    expect([...world.effects.keys()]).toEqual(['two-0'])
    expect(world.mostRunning()).toBe(1)
  })

  test('a frozen leader loses the lock to the visible tab after about a second, and only then', async () => {
    const world = createWorld()
    const one = world.open('one')
    await flush()
    const two = world.open('two')
    await flush()
    one.freeze()
    await world.pass(60_000)
    expect(two.coordinator.isLeader()).toBe(false)
    two.coordinator.setVisible(true)
    await world.pass(900)
    expect(two.coordinator.isLeader()).toBe(false)
    await world.pass(1_500)
    expect(two.coordinator.isLeader()).toBe(true)
    one.thaw()
    await flush()
    expect(one.coordinator.isLeader()).toBe(false)
    expect(world.running()).toBe(1)
    const answer = one.connection.request('setTyping', { chatId: 'direct-x' as never, active: true })
    two.coordinator.setVisible(true)
    await world.pass(1_000)
    await expect(answer).resolves.toBe('one-0')
    expect(world.effects.get('one-0')?.by).toBe('two')
  })

  test('a leader that said it would be silent is left alone', async () => {
    const world = createWorld()
    const one = world.open('one')
    await flush()
    const two = world.open('two')
    await flush()
    two.coordinator.setVisible(true)
    await world.pass(500)
    one.coordinator.expectSilence(5_000)
    await flush()
    one.freeze()
    await world.pass(4_000)
    expect(two.coordinator.isLeader()).toBe(false)
    one.thaw()
    await world.pass(4_000)
    expect(two.coordinator.isLeader()).toBe(false)
  })

  test('a tab whose engine is slow to start does not take the lock from itself', async () => {
    const world = createWorld()
    world.state.startMs = 5_000
    const one = world.open('one')
    one.coordinator.setVisible(true)
    await world.pass(6_000)
    expect(one.coordinator.isLeader()).toBe(true)
    expect(world.mostRunning()).toBe(1)
  })

  test('a start that hangs is tried anew', async () => {
    const world = createWorld()
    world.state.startMs = 10 * 60_000
    const one = world.open('one')
    one.coordinator.setVisible(true)
    await world.pass(10_000)
    world.state.startMs = 0
    await world.pass(10_000)
    expect(one.coordinator.isLeader()).toBe(true)
  })
})
