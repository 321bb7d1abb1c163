import { expect, test } from 'vitest'
import { createNeedles, findNeedles } from '../src/harness/leak-search.ts'

const SECRET = 'heron over the quay ü 41'
const needles = createNeedles({ secret: SECRET })

test.each([
  ['as it is', Buffer.from(`before ${SECRET} after`)],
  ['in UTF-16', Buffer.from(`x${SECRET}`, 'utf16le')],
  ['in hexadecimal', Buffer.from(`\\x00${Buffer.from(SECRET).toString('hex')}ff`)],
  ...[0, 1, 2, 3, 4].map((shift): [string, Buffer] => [
    `in base64 after ${shift} bytes`,
    Buffer.from(Buffer.from(`${'.'.repeat(shift)}${SECRET}?>`).toString('base64')),
  ]),
  ...[0, 1, 2].map((shift): [string, Buffer] => [
    `in base64url after ${shift} bytes`,
    Buffer.from(Buffer.from(`${'.'.repeat(shift)}${SECRET}?>`).toString('base64url')),
  ]),
])('P83 a secret is found %s', (_, hay) => {
  expect(findNeedles(hay, needles)).toEqual(['secret'])
})

test('P83 what is not there is not found', () => {
  expect(findNeedles(Buffer.from('heron over the quay'), needles)).toEqual([])
})
