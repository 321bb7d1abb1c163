import {
  decodeCbor,
  ERRORS,
  type ErrorCode,
  encodeCbor,
  errorBodySchema,
  OPERATIONS,
  type OperationName,
  type Operations,
  ProtocolError,
} from '@entangle/protocol'
import type { z } from 'zod'
import { NetworkError, type Transport } from '../ports/transport.ts'

export type RequestOf<Name extends OperationName> = z.input<Operations[Name]['request']>
export type AnswerOf<Name extends OperationName> = z.output<Operations[Name]['response']>

export type Call = <Name extends OperationName>(
  name: Name,
  request: RequestOf<Name>,
  accessToken?: string,
) => Promise<AnswerOf<Name>>

const TIMEOUT_MS = 20_000

const isKnownCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

function decodeAnswer(body: Uint8Array): unknown {
  try {
    return decodeCbor(body)
  } catch {
    return undefined
  }
}

/** Anything that is no answer of ours (a proxy's page, half a body) counts as no answer. */
function readError(status: number, body: Uint8Array): Error {
  const parsed = errorBodySchema.safeParse(decodeAnswer(body))
  if (!parsed.success) return new NetworkError(`unreadable answer, status ${status}`, { status })
  const { code, details } = parsed.data.error
  if (isKnownCode(code)) return new ProtocolError(code, details)
  return new ProtocolError(status >= 500 ? 'SERVER_ERROR' : 'VERSION_UNSUPPORTED')
}

/** Fields named in the path go there; on GET the others go into the query, else into the body. */
function place(name: OperationName, request: object) {
  const { method, path } = OPERATIONS[name]
  const rest = new Map<string, unknown>(Object.entries(request))
  const filled = path.replace(/:([A-Za-z]+)/g, (_, field: string) => {
    const value = rest.get(field)
    rest.delete(field)
    return encodeURIComponent(String(value))
  })
  const query = [...rest]
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
    .join('&')
  if (method === 'GET')
    return { method, target: query === '' ? filled : `${filled}?${query}`, body: undefined }
  return { method, target: filled, body: encodeCbor(Object.fromEntries(rest)) }
}

/** Calls operations of the contract; answers are checked against their schema before anybody sees them. */
export function createApiClient(transport: Transport): Call {
  return async (name, request, accessToken) => {
    const { status, body } = await transport.exchange({
      ...place(name, request),
      accessToken,
      timeoutMs: TIMEOUT_MS,
    })
    if (status < 200 || status > 299) throw readError(status, body)
    const answer = OPERATIONS[name].response.safeParse(decodeAnswer(body))
    if (!answer.success) throw new NetworkError(`${name}: the answer does not have the expected form`)
    return answer.data as AnswerOf<typeof name>
  }
}
