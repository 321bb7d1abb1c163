import type { ChatId } from '@entangle/client'
import type { AccountId, DeviceId } from '@entangle/protocol'
import { type Body, type Life, startLife, type World } from './life.ts'
import type { SendWatch } from './send-watch.ts'

export type Person = { readonly name: string; readonly handle: string; readonly accountId: AccountId }

export const PASSWORD = 'correct horse battery staple'

/** A device of a person in the play: its body, and the engine that lives in it for a while. */
export type Actor = {
  readonly name: string
  readonly person: Person
  readonly body: Body
  readonly sends: SendWatch
  readonly notes: string[]
  /** Somebody has begun to remove this device from its account. */
  isSuspect: boolean
  life: Life | undefined
  crashes: number
}

export type Cast = {
  readonly actors: Actor[]
  readonly add: (input: { readonly name: string; readonly person: Person; readonly body: Body }) => Actor
  readonly start: (actor: Actor, dieIn?: number) => Promise<void>
  readonly bury: (actor: Actor) => Promise<void>
  /** Buries whoever has died since. */
  readonly collectDead: () => Promise<readonly Actor[]>
}

export const deviceIdOf = (actor: Actor): DeviceId | undefined => {
  const session = actor.life?.session()
  return session?.phase === 'signed-in' ? session.deviceId : undefined
}

export const isIn = (actor: Actor): boolean => deviceIdOf(actor) !== undefined

export function createCast(
  world: World,
  trace: (line: string) => void,
  newSends: (name: string) => SendWatch,
): Cast {
  const actors: Actor[] = []
  const wantsOnline = new WeakMap<Actor, boolean>()

  const bury = async (actor: Actor) => {
    const { life } = actor
    if (life === undefined) return
    wantsOnline.set(actor, life.line.isOnline())
    actor.life = undefined
    await life.bury()
    actor.sends.died()
  }

  return {
    actors,
    add({ name, person, body }) {
      const actor: Actor = {
        name,
        person,
        body,
        sends: newSends(name),
        notes: [],
        isSuspect: false,
        life: undefined,
        crashes: 0,
      }
      actors.push(actor)
      return actor
    },
    async start(actor, dieIn) {
      actor.life = await startLife(world, actor.body, {
        note: (code, detail) => {
          const text = `${code} ${detail instanceof Error ? `${detail.name} ${detail.message}` : String(detail ?? '')}`
          actor.notes.push(text)
          trace(`  ${actor.name} notes ${text}`)
        },
        sent: frame => actor.sends.sent(frame, deviceIdOf(actor) ?? ''),
        isOnline: wantsOnline.get(actor) ?? true,
        ...(dieIn === undefined ? {} : { dieIn }),
      })
      if (actor.life === undefined) {
        actor.crashes += 1
        actor.sends.died()
      }
    },
    bury,
    async collectDead() {
      const dead = actors.filter(actor => actor.life?.mortality.isDead())
      for (const actor of dead) {
        actor.crashes += 1
        await bury(actor)
      }
      return dead
    },
  }
}

/** A device as it was at some moment: what a thief would have. */
export type Stolen = { readonly actor: Actor; readonly body: Body }

export const directChat = (person: Person): ChatId => `direct-${person.accountId}` as ChatId
