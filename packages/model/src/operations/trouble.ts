import { type Operation, pickActor } from './operation.ts'

const goOffline: Operation = {
  name: 'offline',
  weight: 4,
  async act(play) {
    const actor = pickActor(play, each => each.life?.line.isOnline() === true)
    if (actor === undefined) return false
    play.say(`${actor.name} goes offline`)
    actor.life?.line.setOnline(false)
    await play.settle()
    return true
  },
}

const goOnline: Operation = {
  name: 'online',
  weight: 8,
  async act(play) {
    const actor = pickActor(play, each => each.life?.line.isOnline() === false)
    if (actor === undefined) return false
    play.say(`${actor.name} comes online`)
    actor.life?.line.setOnline(true)
    await play.settle()
    return true
  },
}

const cut: Operation = {
  name: 'cut',
  weight: 3,
  async act(play) {
    const actor = pickActor(play, each => each.life !== undefined)
    if (actor === undefined) return false
    const isTold = play.random.next() < 0.7
    play.say(`${actor.name} loses its connection${isTold ? '' : ' unawares'}`)
    actor.life?.line.cut(isTold)
    await play.settle()
    return true
  },
}

const crash: Operation = {
  name: 'crash',
  weight: 4,
  async act(play) {
    const actor = pickActor(play, each => each.life !== undefined && !each.life.mortality.isDead())
    if (actor === undefined) return false
    const steps = play.random.integer(0, 40)
    play.say(`${actor.name} will die in ${String(steps)} steps`)
    if (steps === 0) actor.life?.mortality.die()
    else actor.life?.mortality.dieIn(steps)
    await play.settle()
    return true
  },
}

const restart: Operation = {
  name: 'restart',
  weight: 14,
  async act(play) {
    const actor = pickActor(play, each => each.life === undefined)
    if (actor === undefined) return false
    // Now and then it dies again while it starts.
    const dieIn = play.random.integer(1, 6) === 1 ? play.random.integer(1, 30) : undefined
    play.say(`${actor.name} starts${dieIn === undefined ? '' : `, to die in ${String(dieIn)} steps`}`)
    await play.cast.start(actor, dieIn)
    await play.settle()
    return true
  },
}

const lose: Operation = {
  name: 'lose',
  weight: 8,
  async act(play) {
    const found = play.parcels().filter(({ parcel }) => parcel.lose !== undefined)
    if (found.length === 0) return false
    const { actor, parcel } = play.random.pick(found)
    play.say(`lost for ${actor.name}: ${parcel.label}`)
    parcel.lose?.()
    await play.settle()
    return true
  },
}

const repeat: Operation = {
  name: 'repeat',
  weight: 6,
  async act(play) {
    const found = play.parcels().filter(({ parcel }) => parcel.repeat !== undefined)
    if (found.length === 0) return false
    const { actor, parcel } = play.random.pick(found)
    play.say(`twice for ${actor.name}: ${parcel.label}`)
    await parcel.repeat?.()
    await play.settle()
    return true
  },
}

const wait: Operation = {
  name: 'wait',
  weight: 15,
  async act(play) {
    const { clock } = play.world
    const until = clock.now() + play.random.pick([50, 500, 2_000, 2_000, 8_000, 20_000])
    play.say('time passes')
    for (let at = clock.nextAt(); at !== undefined && at <= until; at = clock.nextAt()) {
      await play.fireTimer()
      if (play.random.next() < 0.5) await play.releaseOne()
    }
    return true
  },
}

/** What machines and networks do to people. */
export const TROUBLE: readonly Operation[] = [goOffline, goOnline, cut, crash, restart, lose, repeat, wait]
