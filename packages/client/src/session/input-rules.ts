import { displayNameSchema, handleSchema, LIMITS } from '@entangle/protocol'
import { engineFailure } from '../api/failures.ts'

/** What the most used passwords are made of; a list of thousands adds little to it. */
const COMMON =
  /^(password|passwort|passw0rd|qwert[yz]|azerty|letmein|welcome|iloveyou|admin|login|master|dragon|monkey|football|baseball|sunshine|princess|trustno|abc|test|hello|secret|changeme|entangle)[\d\W_]*$/
const SEQUENCES = ['0123456789012345678901', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm']
const FEWEST_CHARACTERS = 4
const SEQUENCE_SHARE = 0.75

const reversed = (text: string) => Array.from(text).reverse().join('')

/** Most of the password is one run along the keyboard, the alphabet or the digits. */
function isSequence(text: string): boolean {
  const run = Math.ceil(text.length * SEQUENCE_SHARE)
  return SEQUENCES.flatMap(sequence => [sequence, reversed(sequence)]).some(sequence => {
    for (let start = 0; start + run <= text.length; start++) {
      if (sequence.includes(text.slice(start, start + run))) return true
    }
    return false
  })
}

/** A short piece over and over. */
function isRepetition(text: string): boolean {
  const size = (text + text).indexOf(text, 1)
  return size < text.length && size <= 4
}

/** Throws what is wrong with a new password. Not a measure of strength: it only refuses the trivial. */
export function assertPassword(password: string, handle: string): void {
  if (password.length < LIMITS.passwordLength.min) throw engineFailure('ENGINE_PASSWORD_SHORT')
  if (password.length > LIMITS.passwordLength.max) throw engineFailure('ENGINE_PASSWORD_LONG')
  const folded = password.normalize('NFKC').toLowerCase()
  const rest = folded.replaceAll(handle.toLowerCase(), '').replace(/[\d\W_]/g, '')
  if (folded.includes(handle.toLowerCase()) && rest.length < 3)
    throw engineFailure('ENGINE_PASSWORD_LIKE_NAME')
  const isWeak =
    new Set(folded).size < FEWEST_CHARACTERS ||
    COMMON.test(folded) ||
    isSequence(folded) ||
    isRepetition(folded)
  if (isWeak) throw engineFailure('ENGINE_PASSWORD_WEAK')
}

export function parseHandle(text: string): string {
  const handle = handleSchema.safeParse(text.trim().toLowerCase().replace(/^@/, ''))
  if (!handle.success) throw engineFailure('ENGINE_HANDLE_INVALID')
  return handle.data
}

export function parseDeviceName(text: string): string {
  const name = displayNameSchema.safeParse(text)
  if (!name.success) throw engineFailure('ENGINE_DEVICE_NAME_INVALID')
  return name.data
}

export function parseDisplayName(text: string): string {
  const name = displayNameSchema.safeParse(text)
  if (!name.success) throw engineFailure('ENGINE_DISPLAY_NAME_INVALID')
  return name.data
}
