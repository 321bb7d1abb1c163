import type { Person } from '../devices/actor.ts'
import type { Play } from '../play/play.ts'
import { type AwakeActor, groupsOf, type Operation, peopleIn, pickAwake } from './operation.ts'

const MOST_GROUPS = 2

type Group = ReturnType<typeof groupsOf>[number]

/** Somebody in a group who may manage it, by what this device believes. */
function pickPlace(
  play: Play,
  fits: (group: Group) => boolean,
): { readonly actor: AwakeActor; readonly group: Group } | undefined {
  const actor = pickAwake(play, each => groupsOf(each).some(fits) && !play.isAsking(each))
  return actor === undefined ? undefined : { actor, group: play.random.pick(groupsOf(actor).filter(fits)) }
}

const isManaged = ({ group }: Group) => group.role !== 'member' && group.phase === 'active'

const another = (play: Play, person: Person): Person =>
  play.random.pick(peopleIn(play).filter(each => each !== person))

/** Devices of somebody as they are now, in case they are put out by what follows. */
const stealAll = (play: Play, person: Person) =>
  play.steal(play.cast.actors.filter(actor => actor.person === person))

const create: Operation = {
  name: 'create group',
  weight: 0.7,
  async act(play) {
    const actor = pickAwake(play, each => !play.isAsking(each))
    if (actor === undefined || play.groups >= MOST_GROUPS) return false
    const { life } = actor
    play.groups += 1
    const members = peopleIn(play).filter(each => each !== actor.person && play.random.next() < 0.7)
    play.say(`${actor.name} makes a group with ${members.map(({ name }) => name).join(' ')}`)
    const accountIds = members.map(({ accountId }) => accountId)
    play.ask(actor, 'create group', () => life.request('createGroup', { name: 'second', accountIds }))
    await play.settle()
    return true
  },
}

const add: Operation = {
  name: 'add',
  weight: 3,
  async act(play) {
    const place = pickPlace(play, isManaged)
    if (place === undefined) return false
    const { actor, group } = place
    const person = another(play, actor.person)
    play.say(`${actor.name} adds ${person.name}`)
    play.ask(actor, `add ${person.name}`, () =>
      actor.life.request('addMembers', { chatId: group.id, accountIds: [person.accountId] }),
    )
    await play.settle()
    return true
  },
}

const putOut: Operation = {
  name: 'put out',
  weight: 2,
  async act(play) {
    const place = pickPlace(play, isManaged)
    if (place === undefined) return false
    const { actor, group } = place
    const person = another(play, actor.person)
    play.say(`${actor.name} puts ${person.name} out`)
    stealAll(play, person)
    play.ask(actor, `put ${person.name} out`, () =>
      actor.life.request('removeMember', { chatId: group.id, accountId: person.accountId }),
    )
    await play.settle()
    return true
  },
}

const leave: Operation = {
  name: 'leave',
  weight: 1,
  async act(play) {
    const place = pickPlace(play, ({ group }) => group.phase === 'active' && group.memberCount > 2)
    if (place === undefined) return false
    const { actor, group } = place
    play.say(`${actor.name} leaves`)
    stealAll(play, actor.person)
    play.ask(actor, 'leave', () => actor.life.request('leaveGroup', { chatId: group.id }))
    await play.settle()
    return true
  },
}

const setRole: Operation = {
  name: 'role',
  weight: 2,
  async act(play) {
    const place = pickPlace(play, isManaged)
    if (place === undefined) return false
    const { actor, group } = place
    const person = another(play, actor.person)
    const role = play.random.pick(['owner', 'admin', 'member'] as const)
    play.say(`${actor.name} makes ${person.name} ${role}`)
    play.ask(actor, `make ${person.name} ${role}`, () =>
      actor.life.request('setRole', { chatId: group.id, accountId: person.accountId, role }),
    )
    await play.settle()
    return true
  },
}

const rename: Operation = {
  name: 'rename',
  weight: 2,
  async act(play) {
    const place = pickPlace(play, isManaged)
    if (place === undefined) return false
    const { actor, group } = place
    const name = `name ${String(play.written.length)} of ${actor.name}`
    play.say(`${actor.name} gives the name ${name}`)
    play.ask(actor, 'rename', () => actor.life.request('editGroup', { chatId: group.id, name }))
    await play.settle()
    return true
  },
}

const invite: Operation = {
  name: 'invite',
  weight: 1.5,
  async act(play) {
    const place = pickPlace(play, isManaged)
    if (place === undefined) return false
    const { actor, group } = place
    play.say(`${actor.name} makes a link`)
    play.ask(
      actor,
      'make a link',
      () => actor.life.request('createInvite', { chatId: group.id }),
      made => play.links.push({ ...made, chatId: group.id }),
    )
    await play.settle()
    return true
  },
}

const revoke: Operation = {
  name: 'revoke',
  weight: 0.6,
  async act(play) {
    const place = pickPlace(
      play,
      group => isManaged(group) && play.links.some(({ chatId }) => chatId === group.id),
    )
    if (place === undefined) return false
    const { actor, group } = place
    const { inviteId } = play.random.pick(play.links.filter(({ chatId }) => chatId === group.id))
    play.say(`${actor.name} takes a link back`)
    play.ask(actor, 'take a link back', () =>
      actor.life.request('revokeInvite', { chatId: group.id, inviteId }),
    )
    await play.settle()
    return true
  },
}

const comeByLink: Operation = {
  name: 'come by link',
  weight: 3,
  async act(play) {
    const actor = pickAwake(play, each => !play.isAsking(each))
    if (actor === undefined || play.links.length === 0) return false
    const { link } = play.random.pick(play.links)
    play.say(`${actor.name} comes by a link`)
    play.ask(actor, 'come by a link', () => actor.life.request('joinByInvite', { link }))
    await play.settle()
    return true
  },
}

/** What people do with groups. */
export const GROUPS: readonly Operation[] = [
  create,
  add,
  putOut,
  leave,
  setRole,
  rename,
  invite,
  revoke,
  comeByLink,
]
