import type { Deed, Entry, Seen } from '../history.ts'

type SendDeed = Extract<Deed, { kind: 'send' }>

/** One attempt to get something into a log, with everything that its client learned of it. */
export type Sent = {
  readonly message: string
  readonly device: string
  readonly event: 'application' | 'commit'
  readonly epoch: number
  readonly hash: string
  readonly invokedAt: number
  /** The first word; `unknown` gives way to a later `ok` or `fail`. */
  outcome: 'open' | 'ok' | 'fail' | 'unknown'
  seq: number | undefined
  settledAt: number | undefined
}

export type Sight = Seen & { readonly at: number }

export type Membership = {
  readonly after: number
  removed?: { readonly seq: number; readonly epoch: number }
}

export type ConversationBook = {
  readonly id: string
  contiguous: boolean
  /** By device and message. */
  readonly sent: Map<string, Sent>
  readonly stored: Sight[]
  readonly shown: Map<string, Sight[]>
  readonly members: Map<string, Membership>
  /** Contradictions that were found while the book was written. */
  readonly contradictions: string[]
}

export const keyOf = (device: string, message: string): string => `${device} ${message}`

function writeSend(book: ConversationBook, entry: SendDeed & { at: number }): void {
  const { device, message, phase } = entry
  const known = book.sent.get(keyOf(device, message))
  if (phase === 'invoke') {
    const { event, epoch, hash, at } = entry
    const sent = { message, device, event, epoch, hash, invokedAt: at }
    if (known === undefined) {
      book.sent.set(keyOf(device, message), {
        ...sent,
        outcome: 'open',
        seq: undefined,
        settledAt: undefined,
      })
    } else if (known.hash !== hash) book.contradictions.push(`${message} was sent with other bytes`)
    return
  }
  if (known === undefined) {
    book.contradictions.push(`${message} has an outcome and was never sent`)
    return
  }
  const place = phase === 'ok' ? entry.seq : undefined
  const isFinal = known.outcome === 'ok' || known.outcome === 'fail'
  if (isFinal && (phase === 'ok' || phase === 'fail') && (phase !== known.outcome || place !== known.seq)) {
    book.contradictions.push(
      `${message} was answered ${known.outcome} ${String(known.seq)}, then ${phase} ${String(place)}`,
    )
  }
  if (isFinal) return
  known.outcome = phase
  known.seq = place
  known.settledAt = entry.at
}

/** The history, put in order by conversation. */
export function writeBooks(history: readonly Entry[]): ConversationBook[] {
  const books = new Map<string, ConversationBook>()
  const bookOf = (id: string): ConversationBook => {
    const known = books.get(id)
    if (known !== undefined) return known
    const fresh: ConversationBook = {
      id,
      contiguous: true,
      sent: new Map(),
      stored: [],
      shown: new Map(),
      members: new Map(),
      contradictions: [],
    }
    books.set(id, fresh)
    return fresh
  }
  for (const entry of history) {
    switch (entry.kind) {
      case 'conversation':
        bookOf(entry.conversation).contiguous = entry.contiguous
        break
      case 'member':
        bookOf(entry.conversation).members.set(entry.device, { after: entry.after })
        break
      case 'removed': {
        const { seq, epoch } = entry
        const member = bookOf(entry.conversation).members.get(entry.device)
        if (member !== undefined) member.removed = { seq, epoch }
        break
      }
      case 'send':
        writeSend(bookOf(entry.conversation), entry)
        break
      case 'stored':
        bookOf(entry.conversation).stored.push(entry)
        break
      case 'show': {
        const { shown } = bookOf(entry.conversation)
        const sights = shown.get(entry.device)
        if (sights === undefined) shown.set(entry.device, [entry])
        else sights.push(entry)
      }
    }
  }
  // A log has the order of its places, whoever told of it.
  for (const { stored } of books.values()) stored.sort((a, b) => a.seq - b.seq)
  return [...books.values()]
}
