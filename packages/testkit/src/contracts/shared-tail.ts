import type { ConversationId, DeliverFrame, DeviceId, MessageId } from '@entangle/protocol'
import { describe, expect, test } from 'vitest'

type Event = Omit<DeliverFrame, 'conversationId'>
type Found = readonly Event[] | undefined

/** The port as its users see it; adapters of the server fit it by shape. */
export type SharedTailUnderTest = {
  read(conversationId: ConversationId, after: number, upTo: number): Found | Promise<Found>
  keep(conversationId: ConversationId, events: readonly Event[]): void
}

const id = <Id extends string>(number: number) => number.toString(16).padStart(32, '0') as Id

const event = (seq: number, bodyBytes = 8): Event => ({
  kind: seq % 7 === 0 ? 'commit' : 'application',
  messageId: id<MessageId>(seq),
  epoch: 3,
  seq,
  serverTime: 1_700_000_000_000 + seq,
  senderDevice: id<DeviceId>(9),
  body: new Uint8Array(bodyBytes).fill(seq),
})
/** As a page of the log has them. */
const page = (first: number, last: number, bodyBytes?: number): Event[] =>
  Array.from({ length: last - first + 1 }, (_, at) => event(first + at, bodyBytes))
const plain = (events: Found) => events?.map(({ body, ...rest }) => ({ ...rest, body: new Uint8Array(body) }))

/** What everything that keeps the end of logs must do, whatever keeps it. */
export function sharedTailContract(name: string, create: () => Promise<SharedTailUnderTest>): void {
  describe(`shared tail contract: ${name}`, () => {
    const [one, other] = [id<ConversationId>(1), id<ConversationId>(2)]

    test('P63 gives what it was given, whole, and nothing where a part is missing', async () => {
      const tail = await create()
      expect(await tail.read(one, 0, 5)).toBeUndefined()
      tail.keep(one, page(4, 9))
      expect(plain(await tail.read(one, 3, 9))).toEqual(page(4, 9))
      expect(plain(await tail.read(one, 5, 7))).toEqual(page(6, 7))
      expect(await tail.read(one, 9, 9)).toEqual([])
      expect(await tail.read(one, 2, 9)).toBeUndefined()
      expect(await tail.read(one, 5, 10)).toBeUndefined()
      expect(await tail.read(one, 20, 30)).toBeUndefined()
      expect(await tail.read(other, 3, 9)).toBeUndefined()
    })

    test('P40 whatever pages it was given, it never gives a hole', async () => {
      const tail = await create()
      for (const [first, last] of [
        [10, 12],
        [20, 24],
        [8, 11],
        [25, 26],
        [18, 26],
      ] as const) {
        tail.keep(one, page(first, last))
        for (let after = 5; after < 27; after++)
          for (const upTo of [12, 24, 26]) {
            const found = await tail.read(one, after, upTo)
            if (found !== undefined) expect(plain(found)).toEqual(after < upTo ? page(after + 1, upTo) : [])
          }
      }
      expect(await tail.read(one, 17, 26)).toHaveLength(9)
    })

    test('what it was given may be used for something else', async () => {
      const tail = await create()
      const given = page(1, 3)
      tail.keep(one, given)
      for (const { body } of given) body.fill(0xff)
      expect(plain(await tail.read(one, 0, 3))).toEqual(page(1, 3))
    })

    test('P81 what is too large for it costs what is there nothing', async () => {
      const tail = await create()
      tail.keep(other, page(1, 2))
      tail.keep(one, page(1, 4, 1024 * 1024))
      tail.keep(one, [])
      expect(await tail.read(one, 0, 4)).toBeUndefined()
      expect(await tail.read(other, 0, 2)).toHaveLength(2)
    })
  })
}
