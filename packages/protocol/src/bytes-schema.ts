import { z } from 'zod'
import { fromBase64Url } from './base64url.ts'

/**
 * A binary field: a byte string in CBOR, base64url in JSON. One schema for both, so that the same
 * operation can be called by the client and by a person with curl.
 */
export function bytesSchema(size: { exactly: number } | { atMost: number; atLeast?: number }) {
  const max = 'exactly' in size ? size.exactly : size.atMost
  const min = 'exactly' in size ? size.exactly : (size.atLeast ?? 1)
  return z
    .preprocess(
      value => (typeof value === 'string' && value.length <= max * 2 ? fromBase64Url(value) : value),
      z.custom<Uint8Array>(
        value => value instanceof Uint8Array && value.length >= min && value.length <= max,
        `expected ${min === max ? String(min) : `${min} to ${max}`} bytes`,
      ),
    )
    .meta({ type: 'string', contentEncoding: 'base64url', description: `${min}–${max} bytes` })
}
