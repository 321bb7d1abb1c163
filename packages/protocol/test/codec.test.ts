import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  bytesSchema,
  conversationIdSchema,
  decodeCbor,
  displayNameSchema,
  ERROR_CODES,
  ERRORS,
  encodeCbor,
  encodeContent,
  errorCodeOfNumber,
  fromBase64Url,
  handleSchema,
  idToBytes,
  LIMITS,
  type MessageId,
  OPERATIONS,
  parseContent,
  readId,
  toBase64Url,
} from '../src/index.ts'
import { seededBytes } from './seeded-bytes.ts'

const id = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as MessageId

describe('P12 bytes, identifiers and CBOR', () => {
  test('P12 base64url agrees with the platform for every length', () => {
    const random = seededBytes(7)
    for (let length = 0; length < 200; length++) {
      const bytes = random(length)
      const text = toBase64Url(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect(fromBase64Url(text)).toEqual(bytes)
    }
  })

  test.each(['A', 'AB=', 'A B', 'AB+/', 'AB'])('P12 %j is not base64url', text => {
    expect(fromBase64Url(text)).toBeUndefined()
  })

  test('P12 identifiers are 32 lowercase hexadecimal digits', () => {
    expect(readId(idToBytes(id))).toBe(id)
    expect(conversationIdSchema.safeParse(id.toUpperCase()).success).toBe(false)
    expect(conversationIdSchema.safeParse(`${id}0`).success).toBe(false)
  })

  test('P12 one schema takes a byte string and base64url', () => {
    const schema = z.object({ field: bytesSchema({ exactly: 4 }) })
    const bytes = Uint8Array.of(1, 2, 3, 4)
    expect(schema.parse(decodeCbor(encodeCbor({ field: bytes }))).field).toEqual(bytes)
    expect(schema.parse({ field: toBase64Url(bytes) }).field).toEqual(bytes)
    expect(schema.safeParse({ field: bytes.subarray(1) }).success).toBe(false)
  })

  test('P12 CBOR is strict: no duplicate keys, nothing after the item, no indefinite lengths', () => {
    expect(() => decodeCbor(Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2))).toThrow()
    expect(() => decodeCbor(Uint8Array.of(1, 2))).toThrow()
    expect(() => decodeCbor(Uint8Array.of(0x9f, 1, 0xff))).toThrow()
    expect(() => decodeCbor(Uint8Array.of(0x18, 1))).toThrow()
  })

  test('P12 a key named __proto__ changes no prototype', () => {
    const bytes = Uint8Array.of(0xa1, 0x69, ...new TextEncoder().encode('__proto__'), 0xa1, 0x61, 0x78, 1)
    const value = decodeCbor(bytes) as Record<string, unknown>
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expect(value['x']).toBeUndefined()
  })
})

describe('P13 names of people', () => {
  test.each(['ada', 'a.b-c_9', '007'])('P13 %j is a handle', handle => {
    expect(handleSchema.safeParse(handle).success).toBe(true)
  })
  test.each(['ab', 'Ada', '.ada', 'a b c', 'ädä', 'a'.repeat(33)])('P13 %j is none', handle => {
    expect(handleSchema.safeParse(handle).success).toBe(false)
  })
  test('P13 a display name cannot reorder text around it', () => {
    expect(displayNameSchema.parse('  Ada  ')).toBe('Ada')
    expect(displayNameSchema.safeParse('Ada\u202elive').success).toBe(false)
    expect(displayNameSchema.safeParse('   ').success).toBe(false)
  })
})

describe('P14 message content', () => {
  test('P14 a text comes back as it went', () => {
    const event = { v: 1 as const, kind: 'text' as const, id, sentAt: 5, text: 'grüß dich 🌱' }
    expect(parseContent(encodeContent(event))).toEqual({ known: true, event })
  })
  test('P14 an unknown kind is kept whole', () => {
    const event = { v: 1, kind: 'poll', id, sentAt: 5, options: ['a', 'b'] }
    expect(parseContent(encodeCbor(event))).toEqual({ known: false, kind: 'poll', event })
  })
  test('P14 a known kind that does not fit is refused', () => {
    expect(parseContent(encodeCbor({ v: 1, kind: 'text', id, sentAt: 5, text: 7 }))).toBeUndefined()
    const text = 'x'.repeat(LIMITS.messageTextBytes + 1)
    expect(parseContent(encodeCbor({ v: 1, kind: 'text', id, sentAt: 5, text }))).toBeUndefined()
  })
})

describe('P15 the catalogue of errors', () => {
  test('P15 numbers are unique, fit a frame and find their code again', () => {
    const numbers = ERROR_CODES.map(code => ERRORS[code].number)
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const code of ERROR_CODES) {
      expect(ERRORS[code].number).toBeGreaterThan(0)
      expect(ERRORS[code].number).toBeLessThan(0xffff)
      expect(errorCodeOfNumber(ERRORS[code].number)).toBe(code)
    }
  })

  test('P15 operations have unique names and addresses, and path parameters are fields', () => {
    const operations = Object.entries(OPERATIONS)
    expect(new Set(operations.map(([, o]) => `${o.method} ${o.path}`)).size).toBe(operations.length)
    for (const [name, operation] of operations) {
      expect(operation.name).toBe(name)
      for (const [, parameter] of operation.path.matchAll(/:(\w+)/g)) {
        expect(
          operation.request instanceof z.ZodObject &&
            parameter !== undefined &&
            parameter in operation.request.shape,
        ).toBe(true)
      }
    }
  })
})
