import { type ServerProcess, startServer } from '@entangle/testkit/harness'
import { GROUP_LIES, type GroupLie } from '@entangle/testkit/hostile'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setGroupStage } from './support/hostile-group-scene.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
})
afterAll(() => server.dispose())

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

test.each(GROUP_LIES.map(lie => [`${lie.rule} a server that ${lie.name}`, lie] as const))(
  '%s',
  async (_, lie) => prove(lie),
  120_000,
)
