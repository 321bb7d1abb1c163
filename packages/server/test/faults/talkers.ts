import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatId, EngineEvents, TimelineRow } from '@entangle/client'
import { createNodeClient, type NodeClient } from '@entangle/client/node'
import type { Recorder } from '@entangle/testkit/faults'
import { waitUntil } from '@entangle/testkit/harness'
import { hashOf } from './plain-device.ts'

const PASSWORD = 'violet-harbour-57-lantern'
const CONVERSATION = 'between engines'

type Talker = {
  readonly name: string
  readonly handle: string
  readonly session: () => EngineEvents['session'] | undefined
  readonly accountId: string
  readonly client: NodeClient
  readonly dataDir: string
  readonly chatId: ChatId
}

/** Two people at the real engine, with real encryption, who write to each other. */
export type Talkers = {
  readonly say: (text: string) => Promise<void>
  /** Waits until both have everything, and writes down what each sees. What is stored is here what its sender has. */
  readonly conclude: () => Promise<void>
  /** After their sessions were ended by the server. */
  readonly signInAgain: () => Promise<void>
  readonly close: () => Promise<void>
}

const stateOf = <Name extends 'session' | 'chats'>(
  client: NodeClient,
  name: Name,
): (() => EngineEvents[Name] | undefined) => {
  let latest: EngineEvents[Name] | undefined
  client.on(name, value => {
    latest = value
  })
  return () => latest
}

async function signUp(serverUrl: string, name: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'entangle-talker-'))
  const client = await createNodeClient({
    serverUrl,
    dataDir,
    timing: {
      backoff: { base: 100, most: 1000 },
      headCheck: { min: 3000, max: 5000 },
      ackTimeout: 5000,
      selfUpdate: { min: 200, max: 600 },
    },
  })
  const handle = `${name}${Date.now().toString(36)}`
  await client.request('signUp', { handle, displayName: name, password: PASSWORD })
  const { accountId } = await client.request('findAccount', { handle })
  return { name, handle, accountId, client, dataDir, session: stateOf(client, 'session') }
}

/** From the end to the beginning; the engine lets go of far rows on the way. */
async function rowsOf({ client, chatId }: Talker): Promise<TimelineRow[]> {
  const rows = new Map<string, TimelineRow>()
  let window = await client.request('openTimeline', { chatId, at: 'latest' })
  for (;;) {
    for (const row of window.rows)
      if (row.content.kind === 'text') rows.set(`${row.messageId} ${row.seq}`, row)
    if (!window.hasOlder) break
    window = await client.request('extendTimeline', { chatId, direction: 'older', count: 120 })
  }
  return [...rows.values()].sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity))
}

export async function startTalkers(serverUrl: string, recorder: Recorder): Promise<Talkers> {
  const [first, second] = [await signUp(serverUrl, 'finn'), await signUp(serverUrl, 'gwen')]
  const chatId = await first.client.request('openDirectChat', { accountId: second.accountId })
  await first.client.request('sendText', { chatId, text: 'hello' })
  const chats = stateOf(second.client, 'chats')
  const seen = await waitUntil(
    'the first message',
    () => chats()?.[0],
    chat => chat !== undefined,
  )
  if (seen === undefined) throw new Error('no chat')
  await second.client.request('answerRequest', { chatId: seen.id, answer: 'accept' })
  const talkers: readonly Talker[] = [
    { ...first, chatId },
    { ...second, chatId: seen.id },
  ]

  recorder.note({ kind: 'conversation', conversation: CONVERSATION, contiguous: false })
  for (const { accountId: device } of talkers) {
    recorder.note({ kind: 'member', device, conversation: CONVERSATION, after: 0 })
  }
  const sent = new Map<string, { readonly accountId: string; readonly hash: string }>()
  const attempt = (accountId: string, message: string, hash: string) => ({
    kind: 'send' as const,
    event: 'application' as const,
    device: accountId,
    conversation: CONVERSATION,
    message,
    epoch: 0,
    hash,
  })

  const note = ({ accountId }: Talker, message: string, text: string) => {
    const hash = hashOf(Buffer.from(text))
    sent.set(message, { accountId, hash })
    recorder.note({ ...attempt(accountId, message, hash), phase: 'invoke' })
  }
  const [greeting] = await rowsOf({ ...first, chatId })
  if (greeting !== undefined && talkers[0] !== undefined) note(talkers[0], greeting.messageId, 'hello')

  return {
    async say(text) {
      const talker = talkers[sent.size % 2]
      if (talker === undefined) return
      const message = await talker.client.request('sendText', { chatId: talker.chatId, text })
      note(talker, message, text)
    },
    async conclude() {
      const isWhole = (rows: readonly TimelineRow[]) =>
        rows.length >= sent.size && rows.every(row => row.seq !== null)
      for (const talker of talkers) {
        let rows: readonly TimelineRow[] = []
        const look = async () => {
          rows = await rowsOf(talker)
          return isWhole(rows)
        }
        await waitUntil(`all that ${talker.name} should see`, look, Boolean, 120_000)
        for (const { messageId: message, seq, sender, content } of rows) {
          const place = { conversation: CONVERSATION, seq: seq ?? 0, epoch: 0, event: 'application' as const }
          const hash = hashOf(Buffer.from(content.kind === 'text' ? content.text : ''))
          const seenHere = { ...place, message, sender, hash }
          recorder.note({ kind: 'show', device: talker.accountId, ...seenHere })
          if (sender !== talker.accountId) continue
          recorder.note({
            ...attempt(sender, message, sent.get(message)?.hash ?? ''),
            phase: 'ok',
            seq: seq ?? 0,
          })
          recorder.note({ kind: 'stored', ...seenHere })
        }
      }
    },
    async signInAgain() {
      for (const { name, handle, client, session } of talkers) {
        await waitUntil(
          `the end of ${name}'s session`,
          () => session()?.phase,
          phase => phase === 'signed-out',
        )
        await client.request('signIn', { handle, password: PASSWORD })
      }
    },
    async close() {
      for (const { client, dataDir } of talkers) {
        await client.close()
        await rm(dataDir, { recursive: true, force: true })
      }
    },
  }
}
