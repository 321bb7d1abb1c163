import { createImpostor, DIRECT_LIES, type Lie, type Shown, toldIdentity } from '@entangle/testkit/hostile'
import { expect, inject, test } from 'vitest'
import { type Stage, setStage } from './support/hostile-scene.ts'
import { texts } from './support/person.ts'

const server = inject('server')

const PATIENT = { timeout: 10_000 }

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function expectShown(stage: Stage, shows: Shown): Promise<void> {
  const { victim } = stage.people
  const { warning = null, doubt = null, note, rows } = shows
  const told = async () => {
    const chat = await stage.ofVictim()
    return { warning: chat?.warning, doubt: chat?.doubt }
  }
  await expect.poll(told, PATIENT).toEqual({ warning, doubt })
  if (note !== undefined) {
    const noted = () => victim.notes.some(text => text.startsWith(note))
    await expect.poll(noted, PATIENT).toBe(true)
  }
  if (rows !== undefined) {
    const shown = async () => texts(await victim.rows(stage.toPeer)).slice(-rows.length)
    await expect.poll(shown, PATIENT).toEqual(rows)
  }
}

/** Whatever is written now reaches the peer, or is not even encrypted. */
async function expectSending(stage: Stage, { sending, warning }: Shown): Promise<void> {
  const { victim, peer } = stage.people
  const messages = () => stage.double.said.filter(({ kind }) => kind === 'message').length
  const before = messages()
  const code = await victim.say(stage.toPeer, 'for the peer alone').then(
    () => undefined,
    error => error.code,
  )
  expect(code).toBe(warning === undefined ? undefined : 'ENGINE_IDENTITY_CHANGED')
  if (sending === 'goes-on') {
    await peer.untilChat(victim.handle, chat => chat.last?.text === 'for the peer alone')
  } else {
    await pause(800)
    expect(messages()).toBe(before)
  }
}

async function prove({ shows, stage: has, tell }: Lie): Promise<void> {
  const stage = await setStage(server, has ?? 'talked')
  try {
    const before = stage.double.said.length
    const attacker = await tell(stage)
    if (has === 'known') await stage.people.victim.say(stage.toPeer, 'first of all')
    await expectShown(stage, shows)
    await expectSending(stage, shows)
    expect(attacker.reads(stage.double.said.slice(before))).toEqual([])
  } finally {
    await stage.leave()
  }
}

/** What nobody can catch, and what the person is told instead. */
test('P37 at first contact a server may name another key: said to be trusted on first use, and the numbers differ', async () => {
  const stage = await setStage(server, 'met')
  const { double, people } = stage
  const impostor = createImpostor(stage.crypto, stage.peer)
  double.lie(toldIdentity(stage.peer.accountId, impostor.identity))
  const seen = await people.victim.client.request('readSafetyNumber', { accountId: stage.peer.accountId })
  const real = await people.peer.client.request('readSafetyNumber', { accountId: stage.victim.accountId })
  expect(seen.basis).toBe('first-use')
  expect(seen.digits).not.toBe(real.digits)
  await stage.leave()
})

const titleOf = ({ rule, mistake, name }: Lie) =>
  `${rule}${mistake === undefined ? '' : ` mistake ${mistake}:`} a server that ${name}`

test.each(DIRECT_LIES.map(lie => [titleOf(lie), lie] as const))('%s', async (_, lie) => prove(lie))
