import { decodeCbor, encodeCbor, OPERATIONS, type OperationName, type Operations } from '@entangle/protocol'
import type { z } from 'zod'

export type RequestOf<Name extends OperationName> = z.output<Operations[Name]['request']>
export type AnswerOf<Name extends OperationName> = z.output<Operations[Name]['response']>

/** One HTTP exchange, read by the contract. */
export type Call = { readonly name: OperationName; readonly request: Readonly<Record<string, unknown>> }

const PATTERNS = Object.values(OPERATIONS).map(({ name, method, path }) => ({
  name: name as OperationName,
  method,
  pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}))

/** Method, target and body of a request → the operation and its fields; undefined for what is no operation. */
export function readCall(method: string, target: string, body: Uint8Array): Call | undefined {
  const url = new URL(target, 'http://anywhere')
  for (const { name, method: expected, pattern } of PATTERNS) {
    const found = method === expected ? pattern.exec(url.pathname) : null
    if (found === null) continue
    const fields = {
      ...found.groups,
      ...Object.fromEntries(url.searchParams),
      ...(body.length === 0 ? {} : Object(decodeCbor(body))),
    }
    return { name, request: OPERATIONS[name].request.parse(fields) as Call['request'] }
  }
  return undefined
}

export const readAnswer = <Name extends OperationName>(name: Name, body: Uint8Array): AnswerOf<Name> =>
  OPERATIONS[name].response.parse(decodeCbor(body)) as AnswerOf<Name>

export const writeAnswer = (answer: unknown): Uint8Array => encodeCbor(answer)

/** What a client would send for this operation. */
export function placeRequest(name: OperationName, request: object) {
  const { method, path } = OPERATIONS[name]
  const rest = new Map<string, unknown>(Object.entries(request))
  const filled = path.replace(/:(\w+)/g, (_, field: string) => {
    const value = String(rest.get(field))
    rest.delete(field)
    return value
  })
  if (method !== 'GET') return { method, target: filled, body: encodeCbor(Object.fromEntries(rest)) }
  const query = [...rest].map(([field, value]) => `${field}=${String(value)}`).join('&')
  return { method, target: query === '' ? filled : `${filled}?${query}`, body: undefined }
}
