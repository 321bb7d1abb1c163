import { isUnsafeInName } from '../text/unsafe-name.ts'

const HANDLE = /^[a-z0-9][a-z0-9._-]*$/

/** Said while the person still looks at the field; the engine and the server check for themselves. */
export function checkHandle(handle: string): string | null {
  if (handle.length === 0) return 'Choose a name.'
  if (handle.length < 3) return 'Use at least 3 characters.'
  if (handle.length > 32) return 'Use at most 32 characters.'
  if (!/^[a-z0-9]/.test(handle)) return 'Begin with a letter or a digit.'
  return HANDLE.test(handle) ? null : 'Use small letters a–z, digits, dots, dashes and underscores.'
}

export function checkDisplayName(name: string): string | null {
  const length = name.normalize('NFC').trim().length
  if (length === 0) return 'Say how you want to be called.'
  if (length > 64) return 'Use at most 64 characters.'
  return isUnsafeInName(name) ? 'Use letters, digits and ordinary signs only.' : null
}

/** The field that an error belongs beside; null when it concerns the whole form. */
export function fieldOfProblem(code: string): 'handle' | 'displayName' | 'password' | null {
  switch (code) {
    case 'AUTH_HANDLE_TAKEN':
    case 'ENGINE_HANDLE_INVALID':
      return 'handle'
    case 'ENGINE_DISPLAY_NAME_INVALID':
      return 'displayName'
    case 'AUTH_CREDENTIALS_WRONG':
    case 'ENGINE_PASSWORD_SHORT':
    case 'ENGINE_PASSWORD_LONG':
    case 'ENGINE_PASSWORD_WEAK':
    case 'ENGINE_PASSWORD_LIKE_NAME':
      return 'password'
    default:
      return null
  }
}
