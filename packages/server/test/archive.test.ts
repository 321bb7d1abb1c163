import { type ConversationId, LIMITS, type MessageId, type OPERATIONS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { refusalOf } from './support/api.ts'
import { makePair, Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks', ARCHIVE_QUOTA_MIB: '6' })
const url = () => server().url

type ArchiveRecord = z.output<typeof OPERATIONS.writeArchive.request>['records'][number]

const recordAt = (seq: number, fields: Partial<ArchiveRecord> = {}): ArchiveRecord => ({
  messageId: randomId<MessageId>(),
  seq,
  keyVersion: 1,
  sealed: new Uint8Array(100).fill(seq % 256),
  ...fields,
})

async function readAll(person: Person, conversationId: ConversationId, limit?: number) {
  const records: ArchiveRecord[] = []
  let before = Number.MAX_SAFE_INTEGER
  for (let pages = 1; ; pages++) {
    const page = await person.api.call('readArchive', {
      conversationId,
      before,
      ...(limit === undefined ? {} : { limit }),
    })
    records.push(...page.records)
    before = page.records.at(-1)?.seq ?? before
    if (!page.hasMore) return { records, pages }
  }
}

test('P38 what any device archived, every device reads, newest first', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const laptop = await ann.enrolAnother()
  const records = Array.from({ length: 600 }, (_, index) => recordAt(index + 1, { keyVersion: index % 3 }))
  for (let at = 0; at < records.length; at += LIMITS.archiveRecordsPerPage) {
    const person = at === 0 ? ann : laptop
    const page = records.slice(at, at + LIMITS.archiveRecordsPerPage)
    await person.api.call('writeArchive', { conversationId, records: page })
  }
  for (const person of [ann, laptop]) {
    expect(await readAll(person, conversationId)).toEqual({ records: records.toReversed(), pages: 3 })
  }
  expect((await readAll(ann, conversationId, 200)).pages).toBe(3)
  // The peer has an archive of its own.
  expect((await readAll(ben, conversationId)).records).toEqual([])
})

test('P38 what is there already stays, whoever races to write it', async () => {
  const { ann, conversationId } = await makePair(url())
  const laptop = await ann.enrolAnother()
  const first = recordAt(1)
  await ann.api.call('writeArchive', { conversationId, records: [first] })
  const other = { ...first, sealed: new Uint8Array(40).fill(77), keyVersion: 2 }
  await laptop.api.call('writeArchive', { conversationId, records: [other, recordAt(1), recordAt(2)] })
  const shared = Array.from({ length: 50 }, (_, index) => recordAt(index + 3))
  await Promise.all(
    [ann, laptop, ann, laptop].map((person, index) =>
      person.api.call('writeArchive', {
        conversationId,
        records: (index % 2 === 0 ? shared : shared.toReversed()).map(record => ({
          ...record,
          keyVersion: index,
        })),
      }),
    ),
  )
  const { records } = await readAll(ann, conversationId)
  expect(records).toHaveLength(52)
  expect(records.at(-1)).toEqual(first)
  expect(new Set(records.slice(0, 50).map(record => record.messageId))).toEqual(
    new Set(shared.map(record => record.messageId)),
  )
})

test("P38 a page ends at four MiB, and the quota is the account's", async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const large = (from: number) =>
    Array.from({ length: 48 }, (_, index) => recordAt(from + index, { sealed: new Uint8Array(64 * 1024) }))
  await ann.api.call('writeArchive', { conversationId, records: large(1) })
  await ann.api.call('writeArchive', { conversationId, records: large(49) })
  const full = ann.api.call('writeArchive', { conversationId, records: [recordAt(97)] })
  expect(await refusalOf(full)).toBe('CHAT_ARCHIVE_FULL')
  // What is there already takes no room.
  await ann.api.call('writeArchive', { conversationId, records: [recordAt(96)] })
  const { records, pages } = await readAll(ann, conversationId)
  expect(records.map(record => record.seq)).toEqual(Array.from({ length: 96 }, (_, index) => 96 - index))
  expect(pages).toBe(2)
  await ben.api.call('writeArchive', { conversationId, records: large(1) })
})

test('P38 only for conversations the account is or was in, and gone with the account', async () => {
  const { ann, conversationId } = await makePair(url())
  const eve = await Person.signUp(url())
  const records = [recordAt(1)]
  for (const call of [
    () => eve.api.call('writeArchive', { conversationId, records }),
    () => eve.api.call('readArchive', { conversationId, before: 10 }),
    () => ann.api.call('readArchive', { conversationId: randomId(), before: 10 }),
  ]) {
    expect(await refusalOf(call())).toBe('CHAT_CONVERSATION_NOT_FOUND')
  }
  await ann.api.call('writeArchive', { conversationId, records })
  await ann.api.call('writeAccountState', {
    entries: [{ key: new Uint8Array(32), stamp: 1, sealed: new Uint8Array(9) }],
  })
  await ann.api.call('deleteAccount', { proof: await ann.provePassword() })
  const { chat } = server().server.contextForTesting.databases
  const account = Buffer.from(ann.accountId, 'hex')
  for (const table of ['archive_record', 'account_state', 'account_store'] as const) {
    const rows = await chat.selectFrom(table).select('account_id').where('account_id', '=', account).execute()
    expect(rows).toEqual([])
  }
})
