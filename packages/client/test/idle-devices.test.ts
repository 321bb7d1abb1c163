import type { DeviceListEntry } from '@entangle/crypto'
import { type DeviceId, idToBytes } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { entriesWithout, idleAmong } from '../src/session/idle-devices.ts'

const DAY = 24 * 3600_000
const [self, phone, tablet, gone] = ['1', '2', '3', '4'].map(digit => digit.repeat(32) as DeviceId)
if (!self || !phone || !tablet || !gone) throw new Error('no ids')

const entry = (deviceId: DeviceId, expiresAtMs = 9_000 * DAY): DeviceListEntry => ({
  deviceId: idToBytes(deviceId),
  certificateHash: new Uint8Array(32),
  signatureKey: new Uint8Array(32),
  suite: 1,
  expiresAtMs,
})
const seen = (deviceId: DeviceId, day: number) => ({ deviceId, lastSeenAt: day * DAY })
const left = (devices: Parameters<typeof entriesWithout>[1], removed: DeviceId, nowMs = 1_000 * DAY) =>
  entriesWithout(
    [self, phone, tablet, gone].map(id => entry(id)),
    devices,
    { self, removed, nowMs },
  ).map(({ deviceId }) => Buffer.from(deviceId).toString('hex'))

test('P23 a device is idle after 90 days, by the clock of the server', () => {
  const devices = [seen(self, 1_000), seen(phone, 910.1), seen(tablet, 910)]
  expect([...idleAmong(devices)]).toEqual([tablet])
  expect([...idleAmong([seen(self, 1_000)])]).toEqual([])
})

test('P23 with a removed device go those that gave up their place and those that lay idle', () => {
  const devices = [seen(self, 1_000), seen(phone, 999), seen(tablet, 800)]
  expect(left(devices, gone)).toEqual([self, phone])
  expect(left(devices, phone)).toEqual([self])
  // A clock here that is years ahead removes nobody who is in use.
  expect(left(devices, gone, 5_000 * DAY)).toEqual([self, phone])
  expect(left([seen(phone, 1_000), seen(self, 1)], gone)).toEqual([self, phone])
})
