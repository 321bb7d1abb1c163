import { expect, it } from 'vitest'
import { ratePassword } from '../src/sign-in/password-strength.ts'

it.each([
  ['short', 'refused'],
  ['password123', 'refused'],
  ['12345678', 'refused'],
  ['aaaaaaaaaaaa', 'refused'],
  ['ada-lovelace', 'refused'],
  ['kr7wpz2m', 'weak'],
  ['tulip-Canoe7', 'fair'],
  ['correct horse battery staple', 'strong'],
])('%s is %s', (password, level) => {
  expect(ratePassword(password, 'adalovelace').level).toBe(level)
})
