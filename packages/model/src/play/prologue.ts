import { type Actor, directChat, isIn, PASSWORD, type Person } from '../devices/actor.ts'
import { newBody } from '../devices/life.ts'
import type { Play } from './play.ts'
import { calm } from './quiescence.ts'

const HANDLES: Readonly<Record<string, string>> = { a: 'anna', b: 'berta', c: 'carl', d: 'dora' }

/** Devices of two people, and of four: `a1` is the first of Anna. */
export const OF_TWO = ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'] as const
export const OF_FOUR = ['a1', 'b1', 'c1', 'd1', 'a2', 'b2'] as const

/** Everybody who was brought in has renewed its leaf by then. */
const UPKEEP_MS = 60_000

const does = async (play: Play, actor: Actor, work: () => Promise<unknown>): Promise<void> => {
  play.ask(actor, 'prologue', work)
  await calm(play, () => !play.isAsking())
}

const lifeOf = (actor: Actor | undefined) => {
  if (actor?.life === undefined) throw new Error('a device did not start')
  return { actor, life: actor.life }
}

const rest = (play: Play): Promise<void> => {
  const until = play.world.clock.now() + UPKEEP_MS
  return calm(play, () => play.world.clock.now() > until)
}

export async function signEverybodyIn(play: Play, names: readonly string[]): Promise<void> {
  const persons = new Map<string, Person>()
  for (const [index, name] of names.entries()) {
    const letter = name.slice(0, 1)
    const handle = HANDLES[letter] ?? letter
    const known = persons.get(letter)
    const person: Person = known ?? { name: letter, handle, accountId: '' as Person['accountId'] }
    const actor = play.cast.add({ name, person, body: newBody(new Uint8Array(32).fill(index + 1)) })
    await play.cast.start(actor)
    const { life } = lifeOf(actor)
    await does(play, actor, () =>
      known === undefined
        ? life.request('signUp', { handle, displayName: handle, password: PASSWORD })
        : life.request('signIn', { handle, password: PASSWORD }),
    )
    await calm(play, () => isIn(actor))
    const session = life.session()
    if (session.phase === 'signed-in') Object.assign(person, { accountId: session.account.accountId })
    persons.set(letter, person)
  }
}

/** The first two have written to each other. */
export async function makeFriends(play: Play): Promise<void> {
  const [anna, berta] = [lifeOf(play.cast.actors[0]), lifeOf(play.cast.actors[1])]
  const [ofAnna, ofBerta] = [anna.actor.person, berta.actor.person]
  await does(play, anna.actor, async () => {
    await anna.life.request('openDirectChat', { accountId: ofBerta.accountId })
    await anna.life.request('sendText', { chatId: directChat(ofBerta), text: 'hello' })
  })
  await does(play, berta.actor, () =>
    berta.life.request('answerRequest', { chatId: directChat(ofAnna), answer: 'accept' }),
  )
  await rest(play)
}

/** The first has made a group with the second and the third; the fourth stands outside. */
export async function makeGroup(play: Play): Promise<void> {
  const [founder, ...others] = [...new Set(play.cast.actors.map(({ person }) => person))].map(person =>
    lifeOf(play.cast.actors.find(actor => actor.person === person)),
  )
  const members = others.slice(0, 2)
  if (founder === undefined) return
  const accountIds = members.map(({ actor }) => actor.person.accountId)
  // The founder has looked them up, as a person would.
  for (const { actor } of others) {
    await does(play, founder.actor, () =>
      founder.life.request('findAccount', { handle: actor.person.handle }),
    )
  }
  await does(play, founder.actor, () => founder.life.request('createGroup', { name: 'first', accountIds }))
  await rest(play)
  for (const { actor, life } of members) {
    const [chat] = life.chats()
    if (chat === undefined) throw new Error('the group is not there')
    await does(play, actor, () => life.request('answerRequest', { chatId: chat.id, answer: 'accept' }))
  }
  await rest(play)
}
