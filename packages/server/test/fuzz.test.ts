import {
  ERRORS,
  encodeCbor,
  encodeClientControl,
  encodeSend,
  errorBodySchema,
  OPERATIONS,
} from '@entangle/protocol'
import { createSeededRandom } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { makePair, Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const isCampaign = process.env['CAMPAIGN'] === 'long'
const FRAMES = isCampaign ? 400_000 : 10_000
const BODIES = isCampaign ? 100_000 : 2_000

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

test(
  `P11 P81 ${FRAMES} fuzzed frames leave the server up`,
  async () => {
    const random = createSeededRandom('fuzzed frames')
    const pick = (below: number) => random.integer(0, below - 1)
    const { ann, ben, conversationId } = await makePair(url())
    const valid = [
      () => encodeSend({ conversationId, messageId: randomId(), epoch: 1, counter: 1, body: body('valid') }),
      () =>
        encodeSend({
          conversationId: randomId(),
          messageId: randomId(),
          epoch: 9,
          counter: 1,
          body: body('x'),
        }),
      () => encodeClientControl({ t: 'receipt', conversationId, epoch: 1, body: body('receipt') }),
      () => encodeClientControl({ t: 'cursor', conversationId, seq: 3 }),
      () => encodeClientControl({ t: 'heads' }),
    ]
    const fuzz = (): Uint8Array => {
      if (pick(4) === 0) return Uint8Array.from({ length: pick(300) }, () => pick(256))
      const frame = (valid[pick(valid.length)]?.() ?? new Uint8Array(1)).slice(
        0,
        pick(6) === 0 ? pick(60) : undefined,
      )
      for (let flips = pick(4); flips > 0; flips--) frame[pick(frame.length)] = pick(256)
      return frame
    }
    let sent = 0
    for (let connection = 0; connection < FRAMES / 25; connection++) {
      const socket = await Socket.connect(ann.api)
      for (let count = 0; count < 25; count++, sent++) socket.raw(fuzz())
      // An orderly end: everything has been read by then, unless the server closed before.
      if (connection % 20 === 0)
        await Promise.race([socket.closed, new Promise(resolve => setTimeout(resolve, 20))])
      socket.end()
      await socket.closed
    }
    expect(sent).toBe(FRAMES)
    const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    const ack = await left.send(left.frame(conversationId, body('still here')))
    expect(ack.status).toBe(0)
    await right.until(() => right.delivered.some(event => event.messageId === ack.messageId))
    const { events } = await ben.api.call('readEvents', { conversationId, after: ack.seq - 1 })
    expect(events).toHaveLength(1)
    left.close()
    right.close()
  },
  isCampaign ? 3_600_000 : 180_000,
)

test(
  `P15 P16 ${BODIES} fuzzed bodies get a coded answer`,
  async () => {
    const random = createSeededRandom('fuzzed bodies')
    const pick = (below: number) => random.integer(0, below - 1)
    const ann = await Person.signUp(url())
    const operations = Object.values(OPERATIONS).filter(({ name }) => name !== 'signOut')
    const values: (() => unknown)[] = [
      () => null,
      () => pick(2 ** 31) - 2 ** 30,
      () => randomId(),
      () => 'x'.repeat(pick(5000)),
      () => Uint8Array.from({ length: pick(400) }, () => pick(256)),
      () => [value(), value()],
      () => ({ deeper: value() }),
      () => true,
    ]
    const value = (): unknown => values[pick(values.length)]?.()
    const fields = (operation: (typeof operations)[number]) =>
      Object.fromEntries(Object.keys(operation.request.shape).map(field => [field, value()]))
    for (let count = 0; count < BODIES; count++) {
      const operation = operations[pick(operations.length)]
      if (operation === undefined) continue
      const whole = encodeCbor(pick(8) === 0 ? value() : fields(operation))
      if (pick(3) === 0 && whole.length > 0) whole[pick(whole.length)] = pick(256)
      const path = operation.path.replace(/:\w+/g, () =>
        pick(2) === 0 ? randomId<string & never>() : `${pick(99)}`,
      )
      const answer = await fetch(url() + path, {
        method: operation.method,
        headers: {
          ...(pick(4) === 0 ? {} : { authorization: `Bearer ${ann.api.accessToken}` }),
          ...(operation.method === 'GET'
            ? {}
            : { 'content-type': pick(5) === 0 ? 'application/json' : 'application/cbor' }),
        },
        ...(operation.method === 'GET' ? {} : { body: whole }),
      })
      const text = await answer.text()
      if (answer.ok) continue
      const { error } = errorBodySchema.parse(JSON.parse(text))
      expect(ERRORS).toHaveProperty(error.code)
      expect(answer.status, `${operation.name}: ${text}`).toBeLessThan(500)
    }
    expect((await fetch(`${url()}/readyz`)).status).toBe(200)
  },
  isCampaign ? 3_600_000 : 120_000,
)
