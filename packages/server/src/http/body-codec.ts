import { decodeCbor, encodeCbor, ProtocolError, toBase64Url } from '@entangle/protocol'

export const CBOR = 'application/cbor'
export const JSON_TYPE = 'application/json'

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

/** Body → plain data, not yet checked against a schema. Throws REQUEST_MALFORMED. */
export function parseBody(bytes: Uint8Array, type: 'cbor' | 'json'): unknown {
  if (bytes.length === 0) return {}
  try {
    return type === 'cbor' ? decodeCbor(bytes) : parseJson(bytes)
  } catch (cause) {
    throw new ProtocolError('REQUEST_MALFORMED', {}, { cause })
  }
}

/** Byte strings become base64url text; everything else is JSON already. */
function toJsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64Url(value)
  if (Array.isArray(value)) return value.map(toJsonValue)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toJsonValue(field)]))
  }
  return value
}

/** CBOR only where it is asked for by name: a person with curl gets text. */
export const wantsCbor = (accept: string | undefined): boolean => accept?.includes(CBOR) ?? false

export function encodeAnswer(
  value: unknown,
  cbor: boolean,
): { readonly type: string; readonly body: Buffer } {
  if (!cbor) {
    return { type: `${JSON_TYPE}; charset=utf-8`, body: Buffer.from(JSON.stringify(toJsonValue(value))) }
  }
  const bytes = encodeCbor(value)
  return { type: CBOR, body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}
