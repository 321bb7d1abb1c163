import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheapPasswordProtocol } from '@entangle/testkit/harness'
import type {} from '@entangle/testkit/shared-server'
import type { Timing } from '../../src/account/timing.ts'
import { createNodeClient, type NodeClient } from '../../src/adapters/node/index.ts'
import type {
  ChatId,
  ChatSummary,
  DirectSummary,
  EngineEvents,
  TimelineRow,
} from '../../src/api/engine-api.ts'

export const PASSWORD = 'correct horse battery staple'

/** Waits until a state holds; the last one seen is in the error. */
export function until<Name extends 'session' | 'connection' | 'chats'>(
  client: Pick<NodeClient, 'on'>,
  name: Name,
  holds: (value: EngineEvents[Name]) => boolean,
  timeoutMs = 15_000,
): Promise<EngineEvents[Name]> {
  return new Promise((resolve, reject) => {
    let latest: EngineEvents[Name] | undefined
    let stop: () => void = () => undefined
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`${name} did not come about; last: ${JSON.stringify(latest)}`))
    }, timeoutMs)
    let done = false
    stop = client.on(name, value => {
      latest = value
      if (done || !holds(value)) return
      done = true
      clearTimeout(timer)
      void Promise.resolve().then(() => stop())
      resolve(value)
    })
  })
}

export type Person = {
  readonly handle: string
  readonly client: NodeClient
  readonly dataDir: string
  readonly notes: string[]
  readonly accountId: () => Promise<string>
  /** The chat with somebody, found by handle. */
  readonly chatWith: (other: Person) => Promise<ChatId>
  readonly say: (chatId: ChatId, text: string) => Promise<string>
  readonly rows: (chatId: ChatId) => Promise<readonly TimelineRow[]>
  readonly summary: (handle: string) => Promise<DirectSummary | undefined>
  readonly untilChat: (
    handle: string,
    holds: (chat: DirectSummary) => boolean,
    timeoutMs?: number,
  ) => Promise<DirectSummary>
  readonly online: () => Promise<unknown>
  /** A new engine over the same folder, as after a restart of the application. */
  readonly restart: (serverUrl?: string) => Promise<Person>
  readonly leave: () => Promise<void>
}

const isWith = (chat: ChatSummary, handle: string): chat is DirectSummary =>
  chat.kind === 'direct' && chat.peer.handle === handle

export async function openPerson(input: {
  readonly serverUrl: string
  readonly handle: string
  readonly dataDir?: string
  readonly timing?: Partial<Timing>
}): Promise<Person> {
  const { serverUrl, handle, timing } = input
  const dataDir = input.dataDir ?? (await mkdtemp(join(tmpdir(), 'entangle-person-')))
  const notes: string[] = []
  const client = await createNodeClient({
    serverUrl,
    dataDir,
    passwords: createCheapPasswordProtocol(),
    diagnostics: {
      note: (code, detail) =>
        notes.push(`${code} ${detail instanceof Error ? (detail.stack ?? detail.message) : String(detail)}`),
    },
    timing: { backoff: { base: 100, most: 1_000 }, keyPackages: { pool: 15, refillBelow: 5 }, ...timing },
  })
  return {
    handle,
    client,
    dataDir,
    notes,
    accountId: async () => {
      const session = await until(client, 'session', state => state.phase === 'signed-in')
      return session.phase === 'signed-in' ? session.account.accountId : ''
    },
    chatWith: async other => {
      const { accountId } = await client.request('findAccount', { handle: other.handle })
      return client.request('openDirectChat', { accountId })
    },
    say: (chatId, text) => client.request('sendText', { chatId, text }),
    rows: async chatId => {
      await client.request('openTimeline', { chatId, at: 'latest' })
      const window = await client.request('extendTimeline', { chatId, direction: 'older', count: 360 })
      return window.rows
    },
    summary: async other => {
      const chats = await until(client, 'chats', () => true)
      return chats.find(chat => isWith(chat, other))
    },
    untilChat: async (other, holds, timeoutMs) => {
      const isIt = (chat: ChatSummary): chat is DirectSummary => isWith(chat, other) && holds(chat)
      const chats = await until(client, 'chats', all => all.some(isIt), timeoutMs)
      const chat = chats.find(isIt)
      if (chat === undefined) throw new Error('no chat')
      return chat
    },
    online: () => until(client, 'connection', state => state.phase === 'online'),
    restart: async url => {
      await client.close()
      return openPerson({ ...input, serverUrl: url ?? serverUrl, dataDir })
    },
    leave: async () => {
      await client.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

let count = 0

/** Signs somebody new up. */
export async function newPerson(serverUrl: string, name: string, timing?: Partial<Timing>): Promise<Person> {
  count += 1
  const handle = `${name}${count}${Math.floor(Math.random() * 1e6)}`
  const person = await openPerson({ serverUrl, handle, ...(timing === undefined ? {} : { timing }) })
  await person.client.request('signUp', { handle, displayName: name, password: PASSWORD })
  return person
}

export const texts = (rows: readonly TimelineRow[]): string[] =>
  rows.map(row => (row.content.kind === 'text' ? row.content.text : row.content.kind))
