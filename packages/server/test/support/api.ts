import {
  decodeCbor,
  encodeCbor,
  errorBodySchema,
  OPERATIONS,
  type Operation,
  type OperationName,
  type Operations,
} from '@entangle/protocol'
import type { z } from 'zod'

type RequestOf<Name extends OperationName> = z.output<Operations[Name]['request']>
type AnswerOf<Name extends OperationName> = z.output<Operations[Name]['response']>

/** As the client's. */
const TIMEOUT_MS = 20_000

export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly details: Readonly<Record<string, string | number>>

  constructor(code: string, status: number, details: Record<string, string | number>) {
    super(code)
    this.code = code
    this.status = status
    this.details = details
  }
}

/** Calls operations as a client does: CBOR both ways, a cookie jar of one cookie, a bearer token. */
export class Api {
  url: string
  accessToken: string | undefined
  cookie: string | undefined
  /** What a proxy or a browser adds. */
  headers: Readonly<Record<string, string>> = {}

  constructor(url: string) {
    this.url = url
  }

  async call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<AnswerOf<Name>> {
    const operation: Operation = OPERATIONS[name]
    const fields: Record<string, unknown> = { ...(request as Record<string, unknown>) }
    const path = operation.path.replaceAll(/:(\w+)/g, (_, field: string) => {
      const value = String(fields[field])
      delete fields[field]
      return encodeURIComponent(value)
    })
    const inQuery = operation.method === 'GET'
    const query = inQuery
      ? `?${new URLSearchParams(Object.entries(fields).map(([key, value]): [string, string] => [key, String(value)]))}`
      : ''
    const answer = await fetch(this.url + path + query, {
      method: operation.method,
      headers: {
        ...this.headers,
        accept: 'application/cbor',
        ...(inQuery ? {} : { 'content-type': 'application/cbor' }),
        ...(this.accessToken === undefined ? {} : { authorization: `Bearer ${this.accessToken}` }),
        ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
      },
      ...(inQuery ? {} : { body: new Uint8Array(encodeCbor(fields)) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    for (const header of answer.headers.getSetCookie()) this.cookie = header.split(';', 1)[0]
    const body = decodeCbor(new Uint8Array(await answer.arrayBuffer()))
    if (!answer.ok) {
      const { error } = errorBodySchema.parse(body)
      throw new ApiError(error.code, answer.status, error.details ?? {})
    }
    return operation.response.parse(body) as AnswerOf<Name>
  }
}

/** The code with which a call is refused. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof ApiError) return error.code
    throw error
  }
  throw new Error('the call was not refused')
}
