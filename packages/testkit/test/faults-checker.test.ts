import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  checkHistory,
  createRecorder,
  type Deed,
  describeViolations,
  type Entry,
  readHistory,
  TAMPERINGS,
} from '../src/faults/index.ts'

const DEVICES = ['anna', 'ben', 'cleo']

/** What three devices would write about a server without a fault; some of it was refused or is not known. */
function play(rounds: number): Entry[] {
  const entries: Entry[] = []
  let at = 0
  const note = (client: string, deed: Deed) => {
    at += 1
    entries.push({ at, client, ...deed })
  }
  const conversation = 'a conversation'
  const inThis = { conversation }
  note('scene', { kind: 'conversation', contiguous: true, ...inThis })
  for (const device of DEVICES) note('scene', { kind: 'member', device, after: 0, ...inThis })
  let epoch = 1
  let seq = 0
  for (let round = 1; round <= rounds; round++) {
    const device = DEVICES[round % 3] ?? 'anna'
    const event = round % 10 === 5 ? ('commit' as const) : ('application' as const)
    const message = `message ${round}`
    const attempt = { kind: 'send' as const, device, message, event, epoch, hash: `hash ${round}`, ...inThis }
    note(device, { ...attempt, phase: 'invoke' })
    if (round % 7 === 0) {
      note(device, { ...attempt, phase: round % 2 === 0 ? 'fail' : 'unknown' })
      continue
    }
    // A cut connection first leaves it open what became of it.
    if (round % 4 === 0) note(device, { ...attempt, phase: 'unknown' })
    seq += 1
    const seen = { seq, epoch, event, message, sender: device, hash: attempt.hash, ...inThis }
    note(device, { ...attempt, phase: 'ok', seq })
    for (const who of DEVICES) {
      note(who, { kind: 'show', device: who, ...seen })
      note(who, { kind: 'cursor', where: 'told', device: who, seq, ...inThis })
    }
    note('scene', { kind: 'stored', ...seen })
    if (event === 'commit') epoch += 1
  }
  note('scene', { kind: 'healed' })
  return entries
}

const history = play(200)

test('a history without a fault passes', () => {
  const { violations, figures } = checkHistory(history)
  expect(describeViolations(violations)).toBe('')
  expect(figures).toMatchObject({
    sent: 200,
    acknowledged: 172,
    refused: 14,
    withoutOutcome: 14,
    stored: 172,
  })
})

test.each(TAMPERINGS)('the checker finds $name', ({ apply, breaks }) => {
  const { violations } = checkHistory(apply(history))
  const broken = new Set(violations.map(({ property }) => property))
  for (const property of breaks) expect([...broken]).toContain(property)
})

test('what everybody is shown too late after the healing is found', () => {
  const healedAt = history.find(entry => entry.kind === 'show')?.at ?? 0
  const late = history.map(entry =>
    entry.kind === 'show' && entry.device === 'ben' ? { ...entry, at: entry.at + 121_000 } : entry,
  )
  const { violations } = checkHistory([...late, { kind: 'healed', at: healedAt, client: 'scene' }])
  expect(violations.some(({ property, what }) => property === 2 && what.includes('too late'))).toBe(true)
})

test('two answers for one message are found', () => {
  const answered = history.find(entry => entry.kind === 'send' && entry.phase === 'ok')
  if (answered?.kind !== 'send' || answered.phase !== 'ok') throw new Error('nothing was acknowledged')
  const { violations } = checkHistory([...history, { ...answered, seq: answered.seq + 1 }])
  expect(violations.map(({ property }) => property)).toContain(1)
})

test('files of several clients are read as one history in the order of time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'entangle-history-'))
  try {
    const [anna, ben] = [await createRecorder(folder, 'anna'), await createRecorder(folder, 'ben')]
    anna.note({ kind: 'fault', name: 'first' })
    ben.note({ kind: 'fault', name: 'second' })
    anna.note({ kind: 'healed' })
    await Promise.all([anna.close(), ben.close()])
    const entries = await readHistory(folder)
    expect(entries.map(({ kind, client }) => [client, kind])).toEqual([
      ['anna', 'fault'],
      ['ben', 'fault'],
      ['anna', 'healed'],
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
