import { createHmac, timingSafeEqual } from 'node:crypto'

/** Longer than clocks of machines differ, shorter than anybody needs to make use of what was overheard. */
const VALID_MS = 30_000
export const SEAL_HEADER = 'x-entangle-seal'

const macOf = (secret: string, time: number, name: string, body: Uint8Array): Buffer =>
  createHmac('sha256', secret)
    .update(`${String(time)}\n${name}\n`)
    .update(body)
    .digest()

/** Binds a call between services to its name, its body and this moment, under the secret that they share. */
export const seal = (secret: string, nowMs: number, name: string, body: Uint8Array): string =>
  `${String(nowMs)}.${macOf(secret, nowMs, name, body).toString('base64url')}`

export function isSealed(
  secret: string,
  nowMs: number,
  name: string,
  body: Uint8Array,
  header: string | undefined,
): boolean {
  const [time = '', mac = ''] = (header ?? '').split('.')
  if (!/^\d{1,16}$/.test(time) || Math.abs(nowMs - Number(time)) > VALID_MS) return false
  const given = Buffer.from(mac, 'base64url')
  const expected = macOf(secret, Number(time), name, body)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
