import { openFileKeyWrapper } from '../adapters/file-key-wrapper.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { Clock } from '../ports/clock.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { SecretStore } from '../secrets.ts'
import { createDataKeys } from './data-keys.ts'
import { createEnvelope, type Sealer } from './envelope.ts'
import { discardFirstFormKey, resealFirstForm } from './first-form.ts'
import { isRewrapUnfinished, rewrapDataKeys } from './rewrap.ts'

type Parts = {
  readonly database: UsersDatabase
  readonly secrets: SecretStore
  readonly clock: Pick<Clock, 'now'>
}

export type Encryption = {
  envelopeOf(sealer: Sealer): Envelope
  /** Goes on with a rotation that was cut off. */
  finishRotation(): Promise<void>
  /** A new wrapping key, or what is left to do for the newest one. Answers with how many data keys were wrapped anew. */
  rotate(): Promise<number>
}

/** What seals and opens, with its wrapping key made where there is none. */
export async function openEncryption(parts: Parts): Promise<Encryption> {
  const { database, clock } = parts
  const wrapper = await openFileKeyWrapper(parts)
  const dataKeys = createDataKeys({ database, wrapper, clock })
  const envelopeOf = (sealer: Sealer) => createEnvelope(dataKeys, sealer)
  const wrapped = { database, wrapper }
  await resealFirstForm({ ...parts, envelope: envelopeOf('keys') })
  return {
    envelopeOf,
    async finishRotation() {
      if (await isRewrapUnfinished(wrapped)) await rewrapDataKeys(wrapped)
    },
    async rotate() {
      if (!(await isRewrapUnfinished(wrapped))) await wrapper.renew()
      const count = await rewrapDataKeys(wrapped)
      await discardFirstFormKey(parts)
      return count
    },
  }
}
