import { type Actor, copyBody, deviceIdOf, directChat, isIn, PASSWORD } from '../devices/actor.ts'
import { newBody } from '../devices/life.ts'
import type { Play } from './play.ts'

/** One thing that people or their machines do. False when it cannot be done as things stand. */
export type Operation = {
  readonly name: string
  readonly weight: number
  readonly act: (play: Play) => Promise<boolean>
}

const MOST_DEVICES = 9

const pickActor = (play: Play, fits: (actor: Actor) => boolean): Actor | undefined => {
  const found = play.cast.actors.filter(fits)
  return found.length === 0 ? undefined : play.random.pick(found)
}

const isAwake = (actor: Actor) => actor.life !== undefined && isIn(actor)

const others = (play: Play, actor: Actor) =>
  play.cast.actors.filter(other => other.person !== actor.person).map(other => other.person)

const newId = (play: Play) =>
  Array.from({ length: 4 }, () =>
    Math.floor(play.random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0'),
  ).join('')

async function write(play: Play, actor: Actor): Promise<void> {
  const { life } = actor
  const peer = others(play, actor)[0]
  if (life === undefined || peer === undefined) return
  const text = `m${String(play.written.length + 1)} of ${actor.name}`
  const entry = { id: newId(play), text, author: actor, isPromised: false }
  play.written.push(entry)
  play.say(`${actor.name} writes ${text}`)
  const chatId = directChat(peer)
  play.ask(
    actor,
    `write ${text}`,
    async () => {
      if (!life.knows(chatId)) await life.request('openDirectChat', { accountId: peer.accountId })
      await life.ask('sendText', { chatId, text }, entry.id)
    },
    () => {
      entry.isPromised = true
    },
  )
  await play.settle()
}

const send: Operation = {
  name: 'send',
  weight: 22,
  async act(play) {
    const actor = pickActor(play, isAwake)
    if (actor === undefined) return false
    const burst = play.random.integer(1, 4) === 1 ? play.random.integer(2, 4) : 1
    for (let index = 0; index < burst && actor.life !== undefined; index++) await write(play, actor)
    return true
  },
}

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
    const until = play.world.clock.now() + play.random.pick([50, 500, 2_000, 2_000, 8_000, 20_000])
    play.say(`time passes`)
    for (
      let at = play.world.clock.nextAt();
      at !== undefined && at <= until;
      at = play.world.clock.nextAt()
    ) {
      await play.fireTimer()
      if (play.random.next() < 0.5) await play.releaseOne()
    }
    return true
  },
}

const signIn: Operation = {
  name: 'sign in',
  weight: 1.6,
  async act(play) {
    const { cast, random } = play
    const isNew = cast.actors.length < MOST_DEVICES && random.next() < 0.7
    const waiting = pickActor(
      play,
      each => each.life?.session().phase === 'signed-out' && !play.isAsking(each),
    )
    if (!isNew && waiting === undefined) return false
    const { person } = random.pick(cast.actors)
    const name = `${person.name}${String(cast.actors.filter(each => each.person === person).length + 1)}`
    const actor = isNew
      ? cast.add({ name, person, body: newBody(new Uint8Array(32).fill(cast.actors.length + 1)) })
      : waiting
    if (actor === undefined) return false
    if (actor.life === undefined) await cast.start(actor)
    const { life } = actor
    if (life === undefined) return false
    play.say(`${actor.name} signs in`)
    play.ask(
      actor,
      'sign in',
      () => life.request('signIn', { handle: actor.person.handle, password: PASSWORD }),
      () => {
        actor.isRemoved = false
      },
    )
    await play.settle()
    return true
  },
}

const removeDevice: Operation = {
  name: 'remove',
  weight: 1.4,
  async act(play) {
    const actor = pickActor(play, each => isAwake(each) && !play.isAsking(each))
    if (actor?.life === undefined) return false
    const { life } = actor
    const siblings = play.cast.actors.filter(
      each => each !== actor && each.person === actor.person && isAwake(each) && !each.isRemoved,
    )
    if (siblings.length < 2) return false
    const victim = play.random.pick(siblings)
    const deviceId = deviceIdOf(victim)
    if (deviceId === undefined) return false
    play.say(`${actor.name} removes ${victim.name}`)
    victim.stolen = { deviceId, body: copyBody(victim.body) }
    play.ask(actor, `remove ${victim.name}`, () =>
      life.request('removeDevice', { deviceId, password: PASSWORD }),
    )
    await play.settle()
    return true
  },
}

const read: Operation = {
  name: 'read',
  weight: 6,
  async act(play) {
    const actor = pickActor(play, isAwake)
    const peer = actor === undefined ? undefined : others(play, actor)[0]
    const { life } = actor ?? {}
    if (actor === undefined || life === undefined || peer === undefined) return false
    play.say(`${actor.name} reads`)
    play.ask(actor, 'read', () => life.request('markRead', { chatId: directChat(peer), seq: 1_000_000 }))
    await play.settle()
    return true
  },
}

export const OPERATIONS: readonly Operation[] = [
  send,
  goOffline,
  goOnline,
  cut,
  crash,
  restart,
  lose,
  repeat,
  wait,
  signIn,
  removeDevice,
  read,
]
