import type { Crypto, DeviceState } from '@entangle/crypto'
import { prefixRange } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { SealedStore } from '../store/sealed-store.ts'

/** This device's signature key and nothing else: for what is built or signed apart from the stored state. */
export async function openScratchState(crypto: Crypto, records: SealedStore): Promise<DeviceState> {
  const entries = await records.scan(prefixRange(accountKeys.mls('s/')))
  return crypto.openDeviceState(
    entries.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })),
  )
}
