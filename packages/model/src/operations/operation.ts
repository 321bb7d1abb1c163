import type { ChatId, EngineEvents } from '@entangle/client'
import { type Actor, directChat, isIn, type Person } from '../devices/actor.ts'
import type { Life } from '../devices/life.ts'
import type { Play } from '../play/play.ts'

/** One thing that people or their machines do. False when it cannot be done as things stand. */
export type Operation = {
  readonly name: string
  /** How often it is chosen, against the others. */
  readonly weight: number
  readonly act: (play: Play) => Promise<boolean>
}

export type AwakeActor = Actor & { life: Life }
type GroupSummary = Extract<EngineEvents['chats'][number], { kind: 'group' }>

const isAwake = (actor: Actor): actor is AwakeActor => actor.life !== undefined && isIn(actor)

export function pickActor(play: Play, fits: (actor: Actor) => boolean): Actor | undefined {
  const found = play.cast.actors.filter(fits)
  return found.length === 0 ? undefined : play.random.pick(found)
}

/** Somebody who is signed in and whose engine runs. */
export function pickAwake(
  play: Play,
  fits: (actor: AwakeActor) => boolean = () => true,
): AwakeActor | undefined {
  const found = play.cast.actors.filter(isAwake).filter(fits)
  return found.length === 0 ? undefined : play.random.pick(found)
}

export const peopleIn = (play: Play): Person[] => [...new Set(play.cast.actors.map(({ person }) => person))]

/** The groups that this device shows and believes to be in. */
export const groupsOf = ({ life }: AwakeActor): GroupSummary[] =>
  life
    .chats()
    .filter(chat => chat.kind === 'group')
    .filter(({ group }) => group.phase !== 'left' && group.phase !== 'removed')
    // The list is sorted by activity, in which everything that happens at one moment ties.
    .sort((one, other) => (one.id < other.id ? -1 : 1))

/** Where this person would write: to the other of two, or to a group. */
export function pickChat(play: Play, actor: AwakeActor): ChatId | undefined {
  if (play.opening === 'group') {
    const groups = groupsOf(actor)
    return groups.length === 0 ? undefined : play.random.pick(groups).id
  }
  const peer = peopleIn(play).find(person => person !== actor.person)
  return peer === undefined ? undefined : directChat(peer)
}

export const newId = (play: Play): string =>
  Array.from({ length: 4 }, () =>
    Math.floor(play.random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
