import type { DeviceListEntry } from '@entangle/crypto'
import { type DeviceId, readId } from '@entangle/protocol'

const IDLE_MS = 90 * 24 * 3600_000

/** A device as the server has it. */
export type SeenDevice = { readonly deviceId: DeviceId; readonly lastSeenAt: number }

/**
 * Which devices were not used for 90 days. By the server's clock alone, of which the newest sign of life tells: the
 * device that asks is there.
 */
export function idleAmong(devices: readonly SeenDevice[]): ReadonlySet<DeviceId> {
  const newest = Math.max(...devices.map(({ lastSeenAt }) => lastSeenAt))
  return new Set(
    devices.filter(({ lastSeenAt }) => newest - lastSeenAt >= IDLE_MS).map(({ deviceId }) => deviceId),
  )
}

/** What stays of a list when a device is removed: nothing that has given up its place, run out or lain idle. */
export function entriesWithout(
  entries: readonly DeviceListEntry[],
  devices: readonly SeenDevice[],
  { self, removed, nowMs }: { readonly self: DeviceId; readonly removed: DeviceId; readonly nowMs: number },
): DeviceListEntry[] {
  const idle = idleAmong(devices)
  const inUse = new Set(devices.map(({ deviceId }) => deviceId).filter(deviceId => !idle.has(deviceId)))
  return entries.filter(({ deviceId, expiresAtMs }) => {
    const id: DeviceId = readId(deviceId)
    return id !== removed && (id === self || inUse.has(id)) && expiresAtMs > nowMs
  })
}
