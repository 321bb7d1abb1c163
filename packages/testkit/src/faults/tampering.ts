import type { Property } from './checker/index.ts'
import type { Entry } from './history.ts'

type Shown = Extract<Entry, { kind: 'show' }>
type Stored = Extract<Entry, { kind: 'stored' }>

/** A fault that the server did not have, written into a history. The checker must find it. */
export type Tampering = {
  readonly name: string
  /** At least one of these is broken by it. */
  readonly breaks: readonly Property[]
  readonly apply: (history: readonly Entry[]) => Entry[]
}

const isStored = (entry: Entry): entry is Stored => entry.kind === 'stored'
const isShown = (entry: Entry): entry is Shown => entry.kind === 'show'

/** Something in the middle, so that there is something before and behind it. */
function middle<T extends Entry>(history: readonly Entry[], is: (entry: Entry) => entry is T, skip = 0): T {
  const all = history.filter(is)
  const found = all[Math.floor(all.length / 2) + skip]
  if (found === undefined) throw new Error('The history is too short to be tampered with.')
  return found
}

const message = (history: readonly Entry[], skip = 0): Stored =>
  middle(history, (entry): entry is Stored => isStored(entry) && entry.event === 'application', skip)

const isAt = (entry: Entry, { conversation, seq }: Stored): boolean =>
  (isStored(entry) || isShown(entry)) && entry.conversation === conversation && entry.seq === seq

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'loss of an acknowledged message',
    breaks: [1],
    apply: history => {
      const lost = message(history)
      return history.filter(entry => !isAt(entry, lost))
    },
  },
  {
    name: 'loss of the end of a log',
    breaks: [1],
    apply: history => {
      const last = history.findLast(isStored)
      if (last === undefined) throw new Error('There is no log.')
      return history.filter(entry => !isAt(entry, last))
    },
  },
  {
    name: 'loss at one device',
    breaks: [2],
    apply: history => {
      const lost = middle(history, isShown)
      return history.filter(entry => entry !== lost)
    },
  },
  {
    name: 'duplication in the log',
    breaks: [1],
    apply: history => {
      const doubled = message(history)
      const end = history.findLast(
        (entry): entry is Stored => isStored(entry) && entry.conversation === doubled.conversation,
      )
      return [...history, { ...doubled, seq: (end?.seq ?? 0) + 1 }]
    },
  },
  {
    name: 'duplication at one device',
    breaks: [2, 3],
    apply: history => {
      const doubled = middle(history, isShown)
      return [...history, { ...doubled, at: doubled.at + 1 }]
    },
  },
  {
    name: 'reordering at one device',
    breaks: [3],
    apply: history => {
      const first = middle(history, isShown)
      const second = history.find(
        (entry): entry is Shown =>
          isShown(entry) &&
          entry.device === first.device &&
          entry.conversation === first.conversation &&
          entry.seq > first.seq,
      )
      if (second === undefined) throw new Error('Nothing was shown after it.')
      return history.map(entry => (entry === first ? second : entry === second ? first : entry))
    },
  },
  {
    name: 'reordering of the log, with acknowledgements that fit it',
    breaks: [4],
    apply: history => {
      const first = message(history)
      const { conversation } = first
      const ends = history.filter(
        (entry): entry is Stored => isStored(entry) && entry.conversation === conversation,
      )
      const other = ends.findLast(entry => entry.event === 'application' && entry.seq !== first.seq)
      if (other === undefined) throw new Error('There is only one message.')
      const swap = new Map([
        [first.seq, other],
        [other.seq, first],
      ])
      return history.map(entry => {
        if (entry.kind === 'send' && entry.phase === 'ok' && entry.conversation === conversation) {
          return { ...entry, seq: swap.get(entry.seq)?.seq ?? entry.seq }
        }
        if (!(isStored(entry) || isShown(entry)) || entry.conversation !== conversation) return entry
        const { message, sender, hash, epoch, event } = swap.get(entry.seq) ?? entry
        return { ...entry, message, sender, hash, epoch, event }
      })
    },
  },
  {
    name: 'other bytes under the same id',
    breaks: [1],
    apply: history => {
      const changed = message(history)
      return history.map(entry => (isAt(entry, changed) ? { ...entry, hash: 'other' } : entry)) as Entry[]
    },
  },
  {
    name: 'a fork: two devices are told different logs',
    breaks: [6],
    apply: history => {
      const forked = middle(history, isShown)
      return history.map(entry =>
        entry === forked ? { ...entry, message: 'forked', hash: 'forked' } : entry,
      ) as Entry[]
    },
  },
  {
    name: 'two commits of one epoch',
    breaks: [6],
    apply: history => {
      const commit = middle(history, (entry): entry is Stored => isStored(entry) && entry.event === 'commit')
      const later = message(history, 1)
      return history.map(entry =>
        isAt(entry, later)
          ? { ...entry, event: 'commit', epoch: commit.epoch, conversation: commit.conversation }
          : entry,
      ) as Entry[]
    },
  },
  {
    name: 'resurrection of a refused message',
    breaks: [5],
    apply: history => {
      const risen = message(history)
      return history.map(entry =>
        entry.kind === 'send' &&
        entry.phase === 'ok' &&
        entry.message === risen.message &&
        entry.device === risen.sender
          ? { ...entry, phase: 'fail' }
          : entry,
      ) as Entry[]
    },
  },
  {
    name: 'a message that nobody sent',
    breaks: [5],
    apply: history => {
      const invented = message(history)
      return history.filter(entry => !(entry.kind === 'send' && entry.message === invented.message))
    },
  },
  {
    name: 'a removed device that reads on',
    breaks: [7],
    apply: history => {
      const last = history.findLast(isShown)
      if (last === undefined) throw new Error('Nothing was shown.')
      const { device, conversation, seq, epoch, at, client } = last
      return [...history, { kind: 'removed', device, conversation, seq: seq - 1, epoch, at, client }]
    },
  },
  {
    name: 'a cursor that goes back',
    breaks: [8],
    apply: history => {
      const told = history.findLast(entry => entry.kind === 'cursor')
      if (told?.kind !== 'cursor') throw new Error('There is no cursor.')
      return [...history, { ...told, seq: told.seq - 1 }]
    },
  },
  {
    name: 'a cursor past what is stored',
    breaks: [8],
    apply: history => {
      const told = history.findLast(entry => entry.kind === 'cursor')
      if (told?.kind !== 'cursor') throw new Error('There is no cursor.')
      return [...history, { ...told, seq: told.seq + 1_000_000 }]
    },
  },
  {
    name: 'a session that works after its end',
    breaks: [9],
    apply: history => {
      const [first] = history
      const [at, client, device] = [first?.at ?? 0, 'tampering', 'a device']
      return [
        ...history,
        { kind: 'revoked', device, at, client },
        { kind: 'used', device, accepted: true, at: at + 6000, client },
      ]
    },
  },
  {
    name: 'a canary in a log',
    breaks: [10],
    apply: history => [
      ...history,
      { kind: 'searched', place: 'log', found: ['canary'], at: 0, client: 'tampering' },
    ],
  },
]
