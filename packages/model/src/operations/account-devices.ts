import { deviceIdOf, PASSWORD } from '../devices/actor.ts'
import { newBody } from '../devices/life.ts'
import { type Operation, pickActor, pickAwake } from './operation.ts'

const signIn: Operation = {
  name: 'sign in',
  weight: 1.6,
  async act(play) {
    const { cast, random } = play
    const isNew = cast.actors.length < play.form.mostDevices && random.next() < 0.7
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
    play.ask(actor, 'sign in', () =>
      life.request('signIn', { handle: actor.person.handle, password: PASSWORD }),
    )
    await play.settle()
    return true
  },
}

const removeDevice: Operation = {
  name: 'remove',
  weight: 1.4,
  async act(play) {
    const actor = pickAwake(play, each => !play.isAsking(each))
    if (actor === undefined) return false
    const { life } = actor
    const siblings = play.cast.actors.filter(
      each =>
        each !== actor && each.person === actor.person && !each.isSuspect && deviceIdOf(each) !== undefined,
    )
    const [least] = siblings
    if (least === undefined) return false
    const victim = play.random.pick(siblings)
    const deviceId = deviceIdOf(victim)
    if (deviceId === undefined) return false
    play.say(`${actor.name} removes ${victim.name}`)
    victim.isSuspect = true
    play.steal([victim])
    play.ask(actor, `remove ${victim.name}`, () =>
      life.request('removeDevice', { deviceId, password: PASSWORD }),
    )
    await play.settle()
    return true
  },
}

export const ACCOUNT_DEVICES: readonly Operation[] = [signIn, removeDevice]
