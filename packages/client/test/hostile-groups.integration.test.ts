import { randomBytes } from 'node:crypto'
import { GROUP_LIES, type GroupLie, openHostileServer } from '@entangle/testkit/hostile'
import { expect, inject, test } from 'vitest'
import { newGroup, untilGroup } from './support/group.ts'
import { setGroupStage } from './support/hostile-group-scene.ts'
import { HASTY } from './support/hostile-scene.ts'
import { newPerson } from './support/person.ts'

const server = inject('server')

const PATIENT = { timeout: 15_000 }

async function prove({ shows, tell }: GroupLie): Promise<void> {
  const stage = await setGroupStage(server)
  const { warning = null, doubt = null, note = '', phase } = shows
  const { victim } = stage.people
  const messages = () => stage.double.said.filter(({ kind }) => kind === 'message').length
  try {
    const before = stage.double.said.length
    const attacker = await tell(stage)
    const told = async () => {
      const chat = await stage.ofVictim()
      return { warning: chat.warning, doubt: chat.doubt }
    }
    await expect.poll(told, PATIENT).toEqual({ warning, doubt })
    await expect.poll(() => victim.notes.some(text => text.startsWith(note)), PATIENT).toBe(true)
    if (phase !== undefined) {
      await expect.poll(async () => (await stage.ofVictim()).group.phase, PATIENT).toBe(phase)
    }
    const sent = messages()
    const code = await victim.say(stage.chatId, 'for the members alone').then(
      () => undefined,
      error => error.code,
    )
    expect(code).toBe(warning === null ? undefined : 'ENGINE_IDENTITY_CHANGED')
    await new Promise(resolve => setTimeout(resolve, 800))
    expect(messages()).toBe(sent)
    expect(attacker.reads(stage.double.said.slice(before))).toEqual([])
  } finally {
    await stage.leave()
  }
}

test('P54 a server that gives another snapshot to who is taken in, or none', async () => {
  const double = await openHostileServer(server.url)
  const [owner, victim] = [
    await newPerson(server.url, 'owner', HASTY),
    await newPerson(double.url, 'victim', HASTY),
  ]
  await Promise.all([owner.online(), victim.online()])
  for (const given of [randomBytes(300), undefined]) {
    const stop = double.lie({
      answers: {
        listWelcomes: async (_, truth) => {
          const { welcomes } = await truth()
          return {
            welcomes: welcomes.map(({ snapshot: _real, ...welcome }) =>
              given === undefined ? welcome : { ...welcome, snapshot: given },
            ),
          }
        },
      },
    })
    const chatId = await newGroup(owner, 'Board', [victim])
    const chat = await untilGroup(victim, chatId, ({ doubt }) => doubt !== null)
    expect(chat.group.name).not.toBe('Board')
    expect(victim.notes.some(note => note.startsWith('RECORD_CONTRADICTED OTHER_SNAPSHOT'))).toBe(true)
    await victim.client.request('dismissDoubt', { chatId })
    await untilGroup(victim, chatId, ({ doubt }) => doubt === null)
    stop()
  }
  for (const person of [owner, victim]) await person.leave()
  await double.close()
}, 120_000)

test.each(GROUP_LIES.map(lie => [`${lie.rule} a server that ${lie.name}`, lie] as const))(
  '%s',
  async (_, lie) => prove(lie),
  120_000,
)
