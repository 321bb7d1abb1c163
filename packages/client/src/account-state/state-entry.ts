import type { DeviceId } from '@entangle/protocol'

/** Plain data that CBOR carries. */
export type StateValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | { readonly [field: string]: StateValue }

/** One setting of the account as this device has it. */
export type StateEntry = {
  readonly name: string
  readonly value: StateValue
  readonly stamp: number
  /** Who wrote it. */
  readonly deviceId: DeviceId
}

/** The same on every device, whatever came first: the higher (stamp, device) wins. */
export function wins(
  one: Pick<StateEntry, 'stamp' | 'deviceId'>,
  other: Pick<StateEntry, 'stamp' | 'deviceId'> | undefined,
): boolean {
  if (other === undefined || one.stamp !== other.stamp) return one.stamp > (other?.stamp ?? -1)
  return one.deviceId > other.deviceId
}
