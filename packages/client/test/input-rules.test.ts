import { expect, test } from 'vitest'
import { EngineError } from '../src/api/engine-api.ts'
import { assertPassword, parseDisplayName, parseHandle } from '../src/session/input-rules.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'passed'
  } catch (error) {
    return error instanceof EngineError ? error.code : String(error)
  }
}

test.each([
  ['short', 'ENGINE_PASSWORD_SHORT'],
  ['x'.repeat(257), 'ENGINE_PASSWORD_LONG'],
  ['aaaaaaaaaa', 'ENGINE_PASSWORD_WEAK'],
  ['12345678', 'ENGINE_PASSWORD_WEAK'],
  ['87654321', 'ENGINE_PASSWORD_WEAK'],
  ['qwertyuiop', 'ENGINE_PASSWORD_WEAK'],
  ['abcabcabcabc', 'ENGINE_PASSWORD_WEAK'],
  ['Password123!', 'ENGINE_PASSWORD_WEAK'],
  ['alice.m1234', 'ENGINE_PASSWORD_LIKE_NAME'],
  ['purple tin roof', 'passed'],
  ['correct horse battery staple', 'passed'],
  ['7Gk2!pQz', 'passed'],
  ['пароль-из-слов', 'passed'],
])('password %j: %s', (password, code) => {
  expect(codeOf(() => assertPassword(password, 'alice.m'))).toBe(code)
})

test('a handle is folded, a display name trimmed; what does not fit is named', () => {
  expect(parseHandle(' @Alice ')).toBe('alice')
  expect(codeOf(() => parseHandle('a b'))).toBe('ENGINE_HANDLE_INVALID')
  expect(parseDisplayName('  Alice  ')).toBe('Alice')
  expect(codeOf(() => parseDisplayName('\u202eevil'))).toBe('ENGINE_DISPLAY_NAME_INVALID')
})
