import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabaseView, type ServerProcess } from '@entangle/testkit/harness'
import { type BenchPerson, signUpPerson, untilChats } from '../bench-person.ts'

export type Seeding = { readonly conversations: number; readonly messages: number }

const ARCHIVED = `
  SELECT coalesce(max(n), 0)::int AS n
  FROM (SELECT count(*) AS n FROM archive_record GROUP BY account_id) counted`

async function untilArchived({ dataDir }: ServerProcess, messages: number): Promise<void> {
  const view = await openDatabaseView(dataDir)
  for (;;) {
    const [row] = await view.query('entangle_chat', ARCHIVED)
    if (Number(row?.['n']) >= messages) break
    await sleep(200)
  }
  await view.close()
}

async function writeConversation(
  { url }: ServerProcess,
  owner: BenchPerson,
  number: number,
  messages: number,
): Promise<void> {
  const peer = await signUpPerson(url, `peer${number}`)
  const { accountId } = await owner.client.request('findAccount', { handle: peer.handle })
  const chatId = await owner.client.request('openDirectChat', { accountId })
  for (let at = 0; at < messages; at++)
    await owner.client.request('sendText', { chatId, text: `message ${at} of conversation ${number}` })
  const last = `message ${messages - 1} of conversation ${number}`
  await untilChats(peer, chats => chats.some(chat => chat.last?.text === last))
  await peer.leave()
}

/** An account with conversations and history, all of it in its archive at the server. Answers with its handle. */
export async function seedAccount(
  server: ServerProcess,
  { conversations, messages }: Seeding,
): Promise<string> {
  const owner = await signUpPerson(server.url, 'owner')
  const each = Math.round(messages / conversations)
  for (let number = 0; number < conversations; number++) await writeConversation(server, owner, number, each)
  await untilArchived(server, each * conversations)
  await owner.leave()
  return owner.handle
}
