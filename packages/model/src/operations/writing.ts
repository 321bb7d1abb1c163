import { directChat } from '../devices/actor.ts'
import type { Play } from '../play/play.ts'
import { type AwakeActor, newId, type Operation, peopleIn, pickAwake, pickChat } from './operation.ts'

async function write(play: Play, actor: AwakeActor): Promise<boolean> {
  const { life } = actor
  const chatId = pickChat(play, actor)
  if (chatId === undefined) return false
  const text = `m${String(play.written.length + 1)} of ${actor.name}`
  const entry = { id: newId(play), text, author: actor, chatId, isPromised: false }
  play.written.push(entry)
  play.say(`${actor.name} writes ${text}`)
  play.ask(
    actor,
    `write ${text}`,
    async () => {
      const peer = peopleIn(play).find(person => directChat(person) === chatId)
      if (peer !== undefined && !life.knows(chatId)) {
        await life.request('openDirectChat', { accountId: peer.accountId })
      }
      await life.ask('sendText', { chatId, text }, entry.id)
    },
    () => {
      entry.isPromised = true
    },
  )
  await play.settle()
  return true
}

/** A message, or a few in a row. */
const send: Operation = {
  name: 'send',
  weight: 22,
  async act(play) {
    const actor = pickAwake(play)
    if (actor === undefined || !(await write(play, actor))) return false
    const more = play.random.integer(1, 4) === 1 ? play.random.integer(1, 3) : 0
    for (let index = 0; index < more && actor.life !== undefined; index++) await write(play, actor)
    return true
  },
}

const read: Operation = {
  name: 'read',
  weight: 6,
  async act(play) {
    const actor = pickAwake(play)
    const chatId = actor === undefined ? undefined : pickChat(play, actor)
    if (actor === undefined || chatId === undefined || !actor.life.knows(chatId)) return false
    const { life } = actor
    play.say(`${actor.name} reads`)
    play.ask(actor, 'read', () => life.request('markRead', { chatId, seq: 1_000_000 }))
    await play.settle()
    return true
  },
}

export const WRITING: readonly Operation[] = [send, read]
