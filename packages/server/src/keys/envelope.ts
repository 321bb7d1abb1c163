import { idText } from '../database/packed-arrays.ts'
import type { Envelope, Placed } from '../ports/envelope.ts'
import { decrypt, encrypt } from './aes-gcm.ts'
import { type DataKeys, ID_BYTES } from './data-keys.ts'

/** Who seals. What one has sealed, another does not open. */
export type Sealer = 'auth' | 'chat' | 'keys'

/** Version 2 of the sealed form: its number, the id of the data key, and what that key has sealed. */
const FORM = 2
const BODY_AT = 1 + ID_BYTES

/** An id that is put to another value, a place and a sealer that are not the same: nothing of it opens. */
const contextOf = (sealer: Sealer, place: string, keyId: Uint8Array) =>
  `v${String(FORM)}:${idText(keyId)}:${sealer}:${place}`

export function createEnvelope(dataKeys: DataKeys, sealer: Sealer): Envelope {
  async function seal({ place, bytes }: Placed): Promise<Uint8Array> {
    const { id, key } = await dataKeys.toSeal()
    return Buffer.concat([Buffer.of(FORM), id, encrypt(key, bytes, contextOf(sealer, place, id))])
  }

  async function open({ place, bytes }: Placed): Promise<Uint8Array> {
    if (bytes[0] !== FORM) throw new Error('sealed value of another form')
    const id = bytes.subarray(1, BODY_AT)
    return decrypt(await dataKeys.toOpen(id), bytes.subarray(BODY_AT), contextOf(sealer, place, id))
  }

  return {
    seal: values => Promise.all(values.map(seal)),
    open: values => Promise.all(values.map(open)),
  }
}
