import { type ArchiveKeys, createSealer } from '@entangle/crypto'
import type { AccountId } from '@entangle/protocol'
import { openDatabaseView } from '@entangle/testkit/harness'
import { copyMedium, createMemoryKeyValueStore } from '../../src/adapters/memory/index.ts'
import { createArchiveCodec, type SealedRecord } from '../../src/archive/archive-codec.ts'
import { accountKeys, accountPrefix } from '../../src/store/keys.ts'
import { createSealedStore, type SealedStore } from '../../src/store/sealed-store.ts'
import type { Device } from './mortal.ts'

/** What lies on a device, for whoever has it and its key: everything. */
export async function openStore(device: Device, accountId: string): Promise<SealedStore> {
  const store = createMemoryKeyValueStore(copyMedium(device.medium))
  const prefix = accountPrefix(accountId as AccountId)
  return createSealedStore(store, createSealer(device.key), prefix, await store.acquireFence())
}

export async function readArchiveKeys(device: Device, accountId: string): Promise<ArchiveKeys> {
  const records = await openStore(device, accountId)
  const keys = await records.readRecord(accountKeys.archiveKeys, value => value as ArchiveKeys)
  if (keys === undefined) throw new Error('no archive keys')
  return keys
}

const bytesOf = (text: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(text), 'hex'))

/** Everything that an account has archived, as the server has it, oldest first. */
export async function readArchiveRows(dataDir: string, accountId: string) {
  const view = await openDatabaseView(dataDir)
  try {
    const rows = await view.query(
      'entangle_chat',
      `SELECT encode(conversation_id, 'hex') AS conversation, encode(message_id, 'hex') AS message, seq,
         key_version, encode(sealed, 'hex') AS sealed
       FROM archive_record WHERE encode(account_id, 'hex') = '${accountId}' ORDER BY seq`,
    )
    return rows.map(row => ({
      conversationId: row['conversation'] as never,
      record: {
        messageId: row['message'],
        seq: Number(row['seq']),
        keyVersion: Number(row['key_version']),
        sealed: bytesOf(row['sealed']),
      } as SealedRecord,
    }))
  } finally {
    await view.close()
  }
}

/** What these keys open of the archive. */
export async function openArchive(
  dataDir: string,
  accountId: string,
  keys: ArchiveKeys,
): Promise<readonly string[]> {
  const codec = createArchiveCodec(accountId as AccountId, () => keys)
  return (await readArchiveRows(dataDir, accountId)).flatMap(({ conversationId, record }) => {
    const { content } = codec.open(conversationId, record) ?? {}
    return content?.kind === 'text' ? [content.text] : []
  })
}
