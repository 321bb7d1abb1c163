import { createHash } from 'node:crypto'
import { LIMITS } from '@entangle/protocol'
import { createSeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { Person } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks', ACCOUNT_STATE_ENTRIES: '1500' })
const url = () => server().url
const stampAt = (ms: number, counter = 0) => ms * 256 + counter
const keyOf = (name: string) => new Uint8Array(createHash('sha256').update(name).digest())
const entryOf = (name: string, stamp: number, text = name) => ({
  key: keyOf(name),
  stamp,
  sealed: new TextEncoder().encode(text),
})

async function readAll(person: Person, after = 0) {
  const entries = new Map<string, { text: string; stamp: number; deviceId: string; revision: number }>()
  for (let revision = after; ; ) {
    const page = await person.api.call('readAccountState', { after: revision })
    for (const { key, sealed, ...entry } of page.entries) {
      entries.set(Buffer.from(key).toString('hex'), { ...entry, text: new TextDecoder().decode(sealed) })
    }
    revision = page.revision
    if (!page.hasMore) return { entries, revision }
  }
}

test('P39 the higher stamp wins, then the higher device, whatever the order of arrival', async () => {
  const random = createSeededRandom('account state')
  const first = await Person.signUp(url())
  const devices = [first, await first.enrolAnother()]
  const third = await devices[1]?.enrolAnother()
  if (third === undefined) throw new Error('no third device')
  devices.push(third)
  const now = Date.now()
  const names = ['cursor', 'draft', 'mute', 'pin']
  const writes = Array.from({ length: 90 }, (_, index) => {
    const person = devices[random.integer(0, devices.length - 1)] ?? first
    const name = names[random.integer(0, names.length - 1)] ?? 'cursor'
    return { person, name, stamp: stampAt(now, random.integer(0, 9)), text: `write ${index}` }
  })
  // The same device never stamps two writings of a key alike.
  const distinct = [
    ...new Map(
      writes.map(each => [`${each.person.device.deviceId} ${each.name} ${each.stamp}`, each]),
    ).values(),
  ]
  await Promise.all(
    distinct.map(({ person, name, stamp, text }) =>
      person.api.call('writeAccountState', { entries: [entryOf(name, stamp, text)] }),
    ),
  )
  const expected = new Map(
    names.map(name => {
      const best = distinct
        .filter(each => each.name === name)
        .sort((a, b) => a.stamp - b.stamp || (a.person.device.deviceId < b.person.device.deviceId ? -1 : 1))
        .at(-1)
      return [Buffer.from(keyOf(name)).toString('hex'), best?.text]
    }),
  )
  for (const person of devices) {
    const { entries } = await readAll(person)
    expect(new Map([...entries].map(([key, { text }]) => [key, text]))).toEqual(expected)
  }
  // All of them once more, backwards: nothing changes.
  const { revision } = await readAll(first)
  for (const { person, name, stamp, text } of distinct.toReversed()) {
    const answer = await person.api.call('writeAccountState', { entries: [entryOf(name, stamp, text)] })
    expect(answer).toEqual({ previous: revision, revision })
  }
})

test('P39 the other devices are told the revision after the commit, the writer is not', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const stranger = await Person.signUp(url())
  const [left, right, outside] = await Promise.all(
    [phone, laptop, stranger].map(each => Socket.connect(each.api)),
  )
  if (!left || !right || !outside) throw new Error('no socket')
  expect(right.controlOf('ready').stateRevision).toBe(0)
  const stamp = stampAt(Date.now())
  const written = await phone.api.call('writeAccountState', {
    entries: [entryOf('a', stamp), entryOf('b', stamp), entryOf('a', stamp + 1, 'newer')],
  })
  expect(written).toEqual({ previous: 0, revision: 2 })
  await right.until(() => right.controls.some(control => control.t === 'state'))
  expect(right.controlOf('state').revision).toBe(2)
  const { entries } = await readAll(laptop)
  expect(entries.get(Buffer.from(keyOf('a')).toString('hex'))).toMatchObject({
    text: 'newer',
    deviceId: phone.device.deviceId,
  })
  // What loses changes nothing and tells nobody.
  await laptop.api.call('writeAccountState', { entries: [entryOf('a', stamp - 1, 'older')] })
  left.control({ t: 'ping' })
  await left.until(() => left.controls.some(control => control.t === 'pong'))
  for (const socket of [left, outside]) expect(socket.controls.some(each => each.t === 'state')).toBe(false)
  const again = await Socket.connect(phone.api)
  expect(again.controlOf('ready').stateRevision).toBe(2)
  for (const socket of [left, right, outside, again]) socket.close()
})

test('P39 paging by revision misses no commit, while others write', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const stamp = stampAt(Date.now())
  const seen = new Set<string>()
  let writing = true
  const writers = Promise.all(
    [phone, laptop].map(async (person, who) => {
      for (let round = 0; round < 30; round++) {
        const entries = Array.from({ length: 10 }, (_, index) => entryOf(`${who} ${round} ${index}`, stamp))
        await person.api.call('writeAccountState', { entries })
      }
    }),
  ).finally(() => {
    writing = false
  })
  let after = 0
  for (let last = false; !last; ) {
    last = !writing
    const { entries, revision } = await readAll(laptop, after)
    for (const [key, entry] of entries) {
      expect(entry.revision).toBeGreaterThan(after)
      seen.add(key)
    }
    after = revision
  }
  await writers
  expect(seen.size).toBe(600)
  expect(after).toBe(600)
  const page = await phone.api.call('readAccountState', { after: 0 })
  expect(page).toMatchObject({ hasMore: true, revision: LIMITS.accountStateEntriesPerPage })
})

test('P39 a stamp far ahead is refused whole, and so is an entry too many', async () => {
  const ann = await Person.signUp(url())
  const now = Date.now()
  const ahead = [entryOf('fine', stampAt(now)), entryOf('ahead', stampAt(now + 6 * 60_000))]
  expect(await refusalOf(ann.api.call('writeAccountState', { entries: ahead }))).toBe(
    'CHAT_STATE_STAMP_AHEAD',
  )
  expect((await readAll(ann)).entries.size).toBe(0)
  await ann.api.call('writeAccountState', { entries: [entryOf('soon', stampAt(now + 4 * 60_000))] })
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => entryOf(`many ${from + index}`, stampAt(now)))
  for (const from of [0, 500]) await ann.api.call('writeAccountState', { entries: many(from, 500) })
  expect(await refusalOf(ann.api.call('writeAccountState', { entries: many(1000, 500) }))).toBe(
    'CHAT_STATE_FULL',
  )
  await ann.api.call('writeAccountState', { entries: many(1000, 499) })
  // Writing what is there already always goes.
  await ann.api.call('writeAccountState', {
    entries: [entryOf('soon', stampAt(now + 4 * 60_000, 1), 'later')],
  })
  expect(
    await refusalOf(ann.api.call('writeAccountState', { entries: [entryOf('more', stampAt(now))] })),
  ).toBe('CHAT_STATE_FULL')
})
