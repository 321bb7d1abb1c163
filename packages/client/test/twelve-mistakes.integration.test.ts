import { type HostileServer, openHostileServer, Refusal } from '@entangle/testkit/hostile'
import { expect, inject, test } from 'vitest'
import { HASTY, setStage } from './support/hostile-scene.ts'
import { newPerson, texts } from './support/person.ts'

const server = inject('server')

const PATIENT = { timeout: 15_000 }

const bodiesOf = (double: HostileServer): string[] =>
  double.said.flatMap(one => (one.kind === 'message' ? [Buffer.from(one.send.body).toString('hex')] : []))

// Encrypted anew, the second attempt is other bytes under the same id: a key more, and CHAT_MESSAGE_ID_REUSED.
test('P61 mistake 4: what had no answer goes out again as it was, after a new connection and a new start', async () => {
  const stage = await setStage(server, 'talked')
  const { double, people } = stage
  const before = bodiesOf(double).length
  const attempts = () => bodiesOf(double).slice(before)
  const hear = double.lie({ hears: () => false })
  await people.victim.say(stage.toPeer, 'unanswered')
  await expect.poll(() => attempts().length, PATIENT).toBe(1)
  double.hangUp()
  await expect.poll(() => attempts().length, PATIENT).toBe(2)
  const back = await people.victim.restart()
  await expect.poll(() => attempts().length, PATIENT).toBe(3)
  hear()
  double.hangUp()
  await people.peer.untilChat(people.victim.handle, chat => chat.last?.text === 'unanswered')
  expect(new Set(attempts()).size).toBe(1)
  expect(texts(await people.peer.rows(stage.toVictim())).filter(text => text === 'unanswered')).toHaveLength(
    1,
  )
  await back.client.close()
  await stage.leave()
})

// Merged when it is built, the commit takes this device into an epoch that is nobody else's: it is heard no more.
test('P41 mistake 6: while the server refuses a commit, its device talks on in the epoch of all', async () => {
  const double = await openHostileServer(server.url)
  const [ann, bob] = [await newPerson(server.url, 'ann', HASTY), await newPerson(double.url, 'bob', HASTY)]
  const commits = () =>
    double.said.filter(one => one.kind === 'request' && one.call.name === 'submitCommit').length
  const accept = double.lie({
    answers: {
      submitCommit: () => {
        throw new Refusal(409, 'CHAT_EPOCH_STALE')
      },
    },
  })
  const toBob = await ann.chatWith(bob)
  await ann.say(toBob, 'hello')
  const { id: toAnn } = await bob.untilChat(ann.handle, chat => chat.last?.text === 'hello')
  await expect.poll(commits, PATIENT).toBeGreaterThan(0)
  await bob.say(toAnn, 'still with you')
  await ann.untilChat(bob.handle, chat => chat.last?.text === 'still with you')
  await ann.say(toBob, 'I hear you')
  await bob.untilChat(ann.handle, chat => chat.last?.text === 'I hear you')
  accept()
  const refused = commits()
  await expect.poll(commits, PATIENT).toBeGreaterThan(refused)
  await bob.say(toAnn, 'renewed')
  await ann.untilChat(bob.handle, chat => chat.last?.text === 'renewed')
  for (const person of [ann, bob]) await person.leave()
  await double.close()
})
