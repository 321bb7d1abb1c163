import { useCallback, useRef, useState } from 'react'

/** What went wrong, for the person in front of the screen. */
export type Problem = { readonly code: string; readonly message: string }

const WORDS: Readonly<Record<string, string>> = {
  AUTH_HANDLE_TAKEN: 'This name is taken. Choose another one.',
  AUTH_CREDENTIALS_WRONG: 'The name or the password is wrong. Check both and try again.',
  AUTH_DEVICE_LIMIT: 'This account has as many devices as it can have. Sign one of them out first.',
  AUTH_RECOVERY_WRONG:
    'These words do not open an account of this name. Check the name, the words and their order.',
  AUTH_RESET_WRONG: 'This code does not fit this name, or its time is over. Ask for a new one.',
  AUTH_REGISTRATION_CLOSED:
    'New accounts are by invitation only here. Ask whoever runs this place to invite you.',
  RATE_LIMITED: 'Too many tries in a short time. Wait a minute, then try again.',
  SERVER_ERROR: 'Something went wrong on the other end. Try again in a moment.',
  SERVER_UNAVAILABLE: 'Entangle cannot be reached right now. Check your connection, then try again.',
  ENGINE_OFFLINE: 'Entangle cannot be reached right now. Check your connection, then try again.',
  ENGINE_OFFLINE_SIGNUP: 'Entangle cannot be reached right now. Check your connection, then try again.',
  ENGINE_OFFLINE_SIGNIN: 'Entangle cannot be reached right now. Check your connection, then try again.',
  ENGINE_OFFLINE_ERASE:
    'Erasing needs a connection, and there is none right now. Try again when you are online.',
  ACCOUNT_NOT_FOUND: 'Nobody has this name. Check the spelling; it has to match exactly.',
  ACCOUNT_GONE: 'This account was deleted.',
}

/** Any thrown value → words. Errors keep their code across threads, not always their class. */
export function problemOf(error: unknown): Problem {
  const { code, message } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; message?: unknown }) : {}
  if (typeof code !== 'string') {
    return { code: 'UNKNOWN', message: 'Something went wrong. Try again; if it stays, reload the page.' }
  }
  const own = WORDS[code]
  return {
    code,
    message: own ?? (typeof message === 'string' ? message : 'Something went wrong. Try again.'),
  }
}

export type Task<Input> = {
  readonly run: (input: Input) => Promise<boolean>
  readonly busy: boolean
  readonly problem: Problem | null
  readonly clear: () => void
}

/** One request at a time, with what the screen shows meanwhile and afterwards. */
export function useTask<Input>(work: (input: Input) => Promise<unknown>): Task<Input> {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const latest = useRef(work)
  latest.current = work
  const running = useRef(false)

  const run = useCallback(async (input: Input) => {
    if (running.current) return false
    running.current = true
    setBusy(true)
    setProblem(null)
    try {
      await latest.current(input)
      return true
    } catch (error) {
      setProblem(problemOf(error))
      return false
    } finally {
      running.current = false
      setBusy(false)
    }
  }, [])
  const clear = useCallback(() => setProblem(null), [])
  return { run, busy, problem, clear }
}
