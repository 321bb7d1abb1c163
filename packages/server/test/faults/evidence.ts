import { createHash, randomUUID } from 'node:crypto'
import { EVENT_KINDS } from '@entangle/protocol'
import type { Entry, Recorder } from '@entangle/testkit/faults'
import { createNeedles, type DatabaseView, findNeedles, searchFolder } from '@entangle/testkit/harness'

const CHAT = 'entangle_chat'

export type OpenView = () => Promise<DatabaseView>

/** The logs as they lie in the database: what nobody can have any more once they are wrong. */
export async function noteStored(openView: OpenView, conversations: readonly string[], recorder: Recorder) {
  const view = await openView()
  try {
    const list = conversations.map(id => `'\\x${id}'::bytea`).join(', ')
    const rows = await view.query(
      CHAT,
      `SELECT encode(conversation_id, 'hex') AS conversation, seq::int, epoch::int, kind,
         encode(message_id, 'hex') AS message, encode(sender_device, 'hex') AS sender,
         encode(sha256(body), 'hex') AS hash
       FROM message WHERE conversation_id IN (${list}) ORDER BY 1, 2`,
    )
    for (const { conversation, seq, epoch, kind, message, sender, hash } of rows) {
      recorder.note({
        kind: 'stored',
        conversation: String(conversation),
        seq: Number(seq),
        epoch: Number(epoch),
        event: EVENT_KINDS[Number(kind)] ?? 'application',
        message: String(message),
        sender: String(sender),
        hash: String(hash),
      })
    }
  } finally {
    await view.close()
  }
}

/** Cursors as the server keeps them at this moment; none while the database is away. */
export async function noteCursors(
  openView: OpenView,
  conversations: readonly string[],
  recorder: Recorder,
): Promise<void> {
  const view = await openView().catch(() => undefined)
  const rows = await view
    ?.query(
      CHAT,
      `SELECT encode(conversation_id, 'hex') AS conversation, encode(device_id, 'hex') AS device, seq::int
       FROM device_cursor`,
    )
    .catch(() => [])
  await view?.close().catch(() => undefined)
  for (const { conversation, device, seq } of rows ?? []) {
    if (!conversations.includes(String(conversation))) continue
    recorder.note({
      kind: 'cursor',
      where: 'kept',
      device: String(device),
      conversation: String(conversation),
      seq: Number(seq),
    })
  }
}

export const newCanary = (): string =>
  `canary ${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 24)}`

/** Whatever the programs under test have written, and where. */
export type Written = { readonly output: string; readonly folders: readonly string[] }

export async function searchCanary(
  openView: OpenView,
  { output, folders }: Written,
  canary: string,
  recorder: Recorder,
): Promise<void> {
  const needles = createNeedles({ canary })
  const view = await openView()
  try {
    for (const row of await view.dump()) {
      const found = findNeedles(Buffer.from(row), needles)
      if (found.length > 0) recorder.note({ kind: 'searched', place: row.slice(0, 40), found })
    }
  } finally {
    await view.close()
  }
  recorder.note({ kind: 'searched', place: 'output', found: findNeedles(Buffer.from(output), needles) })
  for (const folder of folders) {
    recorder.note({ kind: 'searched', place: 'a folder', found: await searchFolder(folder, needles) })
  }
}

export const countFaults = (history: readonly Entry[]): string => {
  const counts = new Map<string, number>()
  for (const entry of history) {
    if (entry.kind === 'fault') counts.set(entry.name, (counts.get(entry.name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}
