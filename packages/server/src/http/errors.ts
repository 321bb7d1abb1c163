import { type ErrorBody, ProtocolError } from '@entangle/protocol'
import { OutcomeUnknownError } from '../database/doubtful-commits.ts'
import { isConnectionLost } from '../database/pools.ts'
import { describeError, type Log } from '../logging.ts'

/** What the HTTP library itself refuses, in our words. */
const OF_LIBRARY: Readonly<
  Record<string, 'REQUEST_TOO_LARGE' | 'REQUEST_UNSUPPORTED_TYPE' | 'REQUEST_MALFORMED'>
> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'REQUEST_UNSUPPORTED_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_MALFORMED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'REQUEST_MALFORMED',
  FST_ERR_BAD_URL: 'REQUEST_MALFORMED',
}

/** Any error → one of the catalogue. What was not foreseen is logged by kind and place. */
export function toProtocolError(error: unknown, log: Log, requestId: string): ProtocolError {
  if (error instanceof ProtocolError) return error
  // Also where it is unknown whether it was done: every operation may be repeated.
  if (isConnectionLost(error) || error instanceof OutcomeUnknownError)
    return new ProtocolError('SERVER_UNAVAILABLE', {}, { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = OF_LIBRARY[code]
  if (known !== undefined) return new ProtocolError(known, {}, { cause: error })
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) return new ProtocolError('REQUEST_MALFORMED', {}, { cause: error })
  log.error('request failed', { requestId, ...describeError(error) })
  return new ProtocolError('SERVER_ERROR', {}, { cause: error })
}

export const errorBody = (error: ProtocolError): ErrorBody => ({
  error: {
    code: error.code,
    message: error.message,
    retry: error.retry,
    ...(Object.keys(error.details).length > 0 ? { details: { ...error.details } } : {}),
  },
})
