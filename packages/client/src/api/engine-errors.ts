import { ERRORS, ProtocolError } from '@entangle/protocol'
import { StoreError } from '../ports/key-value-store.ts'
import { NetworkError } from '../ports/transport.ts'
import { EngineError, type EngineErrorData } from './engine-api.ts'
import { ENGINE_FAILURES } from './failures.ts'

/** What the catalogue of the wire says, put so that a person knows what to do. */
const SENTENCES: Partial<Record<keyof typeof ERRORS, string>> = {
  AUTH_CREDENTIALS_WRONG: 'The name or the password is wrong. Check both and try again.',
  AUTH_RESET_WRONG: 'This code does not fit this name, or its time is over. Ask for a new one.',
  AUTH_HANDLE_TAKEN: 'This name is taken. Choose another one.',
  AUTH_LOGIN_EXPIRED: 'That took too long. Try again.',
  AUTH_TOKEN_INVALID: 'The session has ended. Sign in again.',
  AUTH_REQUIRED: 'Sign in first.',
  CHAT_PEER_GONE: 'This account was deleted. Nobody can read what you send.',
  ACCOUNT_GONE: 'This account was deleted.',
  ACCOUNT_NOT_FOUND: 'Nobody here has this name. Check the spelling.',
  SERVER_UNAVAILABLE: 'The server cannot answer right now. Try again in a moment.',
  CHAT_DEVICE_ROLLED_BACK:
    'This device was restored from an older copy and must not send, so that no key is used twice. Sign out, erase this device, and sign in again.',
  KEYS_PACKAGES_EXHAUSTED:
    'The other person cannot be reached for a first message right now. It is sent later.',
}

/** Any error → what crosses to the interface. */
export function toEngineErrorData(error: unknown): EngineErrorData {
  if (error instanceof EngineError) return { code: error.code, message: error.message, retry: error.retry }
  if (error instanceof ProtocolError) {
    return {
      code: error.code,
      message: SENTENCES[error.code] ?? ERRORS[error.code].message,
      retry: error.retry,
    }
  }
  if (error instanceof StoreError) {
    const code = error.code === 'STORE_FENCED' ? 'ENGINE_OTHER_WRITER' : 'ENGINE_STORE_FAILED'
    return { code, ...ENGINE_FAILURES[code] }
  }
  if (error instanceof NetworkError) return { code: 'ENGINE_OFFLINE', ...ENGINE_FAILURES.ENGINE_OFFLINE }
  return { code: 'ENGINE_UNEXPECTED', ...ENGINE_FAILURES.ENGINE_UNEXPECTED }
}

export const toEngineError = (error: unknown): EngineError =>
  error instanceof EngineError ? error : new EngineError(toEngineErrorData(error))
