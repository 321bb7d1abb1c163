import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt } from './aes-gcm.ts'

/** Version 1 of the sealed form: under one key that both sides know, without a data key in between. */
const FORM = 1

const contextOf = (place: string) => `v${String(FORM)}:${place}`

export const isOneKeySeal = (sealed: Uint8Array): boolean => sealed[0] === FORM

export const sealUnderKey = (key: KeyObject, plain: Uint8Array, place: string): Buffer =>
  Buffer.concat([Buffer.of(FORM), encrypt(key, plain, contextOf(place))])

/** Throws where the key or the place is another one, or anything was changed. */
export function openUnderKey(key: KeyObject, sealed: Uint8Array, place: string): Buffer {
  if (!isOneKeySeal(sealed)) throw new Error('sealed value of another form')
  return decrypt(key, sealed.subarray(1), contextOf(place))
}
