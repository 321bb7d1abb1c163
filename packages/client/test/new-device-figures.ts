/**
 * How long a new device takes on an account with some conversations and history, over a real server and with
 * the real cryptography. `node packages/client/test/new-device-figures.ts [conversations] [messages]`
 */
import { openDatabaseView, startServer } from '@entangle/testkit/harness'
import { newPerson, openPerson, PASSWORD, type Person, until } from './support/person.ts'

const [conversations = 10, messages = 2_000] = process.argv.slice(2).map(Number)
const TIMING = {
  archiveDelay: 50,
  sendRate: { burst: 1e6, perSecond: 1e6 },
  selfUpdate: { min: 20, max: 100 },
}

const server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
const people: Person[] = []
const say = (line: string) => process.stdout.write(`${line}\n`)
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function archivedCount(): Promise<number> {
  const view = await openDatabaseView(server.dataDir)
  const [row] = await view.query(
    'entangle_chat',
    'SELECT coalesce(max(n), 0)::int AS n FROM (SELECT count(*) AS n FROM archive_record GROUP BY account_id) c',
  )
  await view.close()
  return Number(row?.['n'])
}

try {
  const owner = await newPerson(server.url, 'owner', TIMING)
  people.push(owner)
  const each = Math.round(messages / conversations)
  for (let index = 0; index < conversations; index++) {
    const peer = await newPerson(server.url, 'peer', TIMING)
    people.push(peer)
    const chatId = await owner.chatWith(peer)
    for (let at = 0; at < each; at++) await owner.say(chatId, `message ${at} of conversation ${index}`)
    await peer.untilChat(
      owner.handle,
      chat => chat.last?.text.startsWith(`message ${each - 1} `) === true,
      60_000,
    )
    await peer.client.close()
  }
  while ((await archivedCount()) < each * conversations) await pause(200)

  const device = await openPerson({ serverUrl: server.url, handle: owner.handle })
  people.push(device)
  const start = performance.now()
  const since = () => `${((performance.now() - start) / 1000).toFixed(2)} s`
  await device.client.request('signIn', { handle: owner.handle, password: PASSWORD })
  say(`signed in                        ${since()}`)
  await until(device.client, 'chats', chats => chats.some(chat => chat.last !== null), 60_000)
  say(`first conversation with history  ${since()}`)
  const all = await until(
    device.client,
    'chats',
    chats => chats.length === conversations && chats.every(chat => chat.last !== null),
    60_000,
  )
  say(`every conversation with history  ${since()}`)
  for (const { id } of all) {
    let window = await device.client.request('openTimeline', { chatId: id, at: 'latest' })
    while (window.hasOlder) {
      window = await device.client.request('extendTimeline', { chatId: id, direction: 'older', count: 360 })
    }
  }
  say(`all ${each * conversations} messages               ${since()}`)
} finally {
  for (const person of people) await person.leave().catch(() => undefined)
  await server.dispose()
}
