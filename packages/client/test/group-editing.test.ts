import { LIMITS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { isPicture, parseGroupName } from '../src/groups/editing.ts'

const starting = (length: number, ...start: number[]) => {
  const bytes = new Uint8Array(length)
  bytes.set(start)
  return bytes
}

test('pictures are JPEG, PNG or WebP by what they begin with, and small', () => {
  const jpeg = [0xff, 0xd8, 0xff, 0xe0]
  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  const webp = [...'RIFF----WEBP'].map(letter => letter.charCodeAt(0))
  for (const start of [jpeg, png, webp]) {
    expect(isPicture(starting(LIMITS.groupPictureBytes, ...start))).toBe(true)
    expect(isPicture(starting(LIMITS.groupPictureBytes + 1, ...start))).toBe(false)
    expect(isPicture(starting(20, 0, ...start))).toBe(false)
  }
  const others = ['<svg xmlns="', 'GIF89a------', 'RIFF----WAVE'].map(text => new TextEncoder().encode(text))
  for (const other of [new Uint8Array(), ...others]) expect(isPicture(other)).toBe(false)
})

test('a name is trimmed, and refused when empty, too long or misleading', () => {
  expect(parseGroupName('  Choir ')).toBe('Choir')
  for (const name of ['', '   ', 'x'.repeat(LIMITS.groupNameLength + 1), 'a\u202eb', 'a\nb']) {
    expect(() => parseGroupName(name)).toThrow(expect.objectContaining({ code: 'ENGINE_GROUP_NAME_INVALID' }))
  }
})
