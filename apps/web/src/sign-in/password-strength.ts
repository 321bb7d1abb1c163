/** Shown while typing; `refused` passwords are not accepted at all. */
export type PasswordStrength = {
  readonly level: 'refused' | 'weak' | 'fair' | 'strong'
  readonly advice: string
}

const SHORTEST = 8
const LONGEST = 256
const COMMON =
  /^(?:password|passwort|qwertz?u?|letmein|welcome|iloveyou|admin|monkey|dragon|football|abc|secret|changeme|entangle|login|master|sunshine|princess)[\d!?.*@#$]*$/i

/**
 * A hint, not a proof: counts what a guesser would have to try. Refuses only what falls to the
 * first few thousand guesses, because a server that turned hostile could guess at leisure.
 */
export function ratePassword(password: string, handle: string): PasswordStrength {
  const length = [...password].length
  if (length < SHORTEST) return { level: 'refused', advice: `Use at least ${SHORTEST} characters.` }
  if (length > LONGEST) return { level: 'refused', advice: `Use at most ${LONGEST} characters.` }
  if (handle.length > 2 && password.toLowerCase().replaceAll(/[\d\W_]/g, '') === handle.toLowerCase()) {
    return { level: 'refused', advice: 'Too easy to guess: it is your name.' }
  }
  if (COMMON.test(password) || isSequence(password)) {
    return { level: 'refused', advice: 'Too easy to guess. Try three or four unrelated words.' }
  }
  const bits = effectiveLength(password) * Math.log2(alphabetOf(password))
  if (bits < 50) return { level: 'weak', advice: 'Weak. A longer one is safer.' }
  if (bits < 72) return { level: 'fair', advice: 'Fair. One more word makes it strong.' }
  return { level: 'strong', advice: 'Strong.' }
}

/** Repeated and consecutive characters add nothing. */
function effectiveLength(password: string): number {
  let previous = 0
  let counted = 0
  for (const character of password) {
    const code = character.codePointAt(0) ?? 0
    if (Math.abs(code - previous) > 1) counted++
    previous = code
  }
  return Math.min(counted, new Set(password).size * 2)
}

function isSequence(password: string): boolean {
  return effectiveLength(password) <= 3
}

function alphabetOf(password: string): number {
  let size = 0
  if (/[a-z]/.test(password)) size += 22
  if (/[A-Z]/.test(password)) size += 20
  if (/\d/.test(password)) size += 10
  if (/[^\dA-Za-z]/.test(password)) size += 16
  return Math.max(size, 10)
}
