import type { AccountId, DeviceId } from '@entangle/protocol'

export type ListedDevice = {
  readonly deviceId: DeviceId
  readonly accountId: AccountId
  /** The MLS signature key that the account's signed list names for it. */
  readonly signatureKey: Uint8Array
  readonly revoked: boolean
}

/** What the other services know of keys. */
export type KeyDirectory = {
  findDevices(deviceIds: readonly DeviceId[]): Promise<ReadonlyMap<DeviceId, ListedDevice>>
  /** Of the given accounts, those that were deleted. */
  findDeletedAccounts(accountIds: readonly AccountId[]): Promise<ReadonlySet<AccountId>>
}
