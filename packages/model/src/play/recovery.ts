import { isIn, PASSWORD } from '../devices/actor.ts'
import type { Play } from './play.ts'

/** Everybody has power and a network, and whoever was interrupted tries again. */
export async function recoverAll(play: Play): Promise<void> {
  for (const actor of play.cast.actors) {
    if (actor.life === undefined) {
      play.say(`${actor.name} starts`)
      await play.cast.start(actor)
    }
    const { life } = actor
    if (life === undefined) continue
    life.mortality.dieIn(Number.POSITIVE_INFINITY)
    life.line.setOnline(true)
    await play.settle()
    const session = life.session()
    const isOut = session.phase === 'signed-out' && session.reason === null
    if (isOut && !isIn(actor) && !actor.isSuspect && !play.isAsking(actor)) {
      play.say(`${actor.name} signs in again`)
      play.ask(actor, 'sign in', () =>
        life.request('signIn', { handle: actor.person.handle, password: PASSWORD }),
      )
    }
    await play.settle()
  }
}
