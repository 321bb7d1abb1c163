import type { DeviceSummary } from '@entangle/client'
import { clientNameOf } from '@entangle/protocol/client-name'
import type { TimeFormat } from '../text/time-format.ts'

/** What the engine calls a device that nobody has named. */
export const UNNAMED = 'Device'

type Place = Pick<DeviceSummary, 'name' | 'lastClient' | 'lastAddress'>

const LONGEST = 64
const CONTROL = /\p{Cc}/u

export function checkDeviceName(name: string): string | null {
  const { length } = name.trim()
  if (length === 0) return 'Give it a name that you will know again.'
  if (length > LONGEST) return 'Use at most 64 characters.'
  return CONTROL.test(name) ? 'Use letters, digits and ordinary signs only.' : null
}

/** 'Active today at 10:42', 'Active on Monday', 'Active on 3 March'. */
export function lastActive(time: number, now: number, format: TimeFormat): string {
  const day = format.day(time, now)
  if (day === 'Today') return `Active today at ${format.clock(time)}`
  if (day === 'Yesterday') return `Active yesterday at ${format.clock(time)}`
  return `Active on ${day}`
}

/** 'Not used since 3 March'. */
export const notUsedSince = (time: number, now: number, format: TimeFormat): string =>
  `Not used since ${format.day(time, now)}`

/** 'Added today', 'Added on 3 March'. */
export function added(time: number, now: number, format: TimeFormat): string {
  const day = format.day(time, now)
  return day === 'Today' || day === 'Yesterday' ? `Added ${day.toLowerCase()}` : `Added on ${day}`
}

/** A first name for this device: 'Firefox on Linux'. It is kept sealed, for the account's own devices alone. */
export const deviceNameOf = (userAgent: string): string => clientNameOf(userAgent) ?? UNNAMED

/** 'Chrome on Linux, 192.0.2.7'. What the name says already is not said again. */
export function lastPlace({ name, lastClient, lastAddress }: Place): string | null {
  const parts = [lastClient === name ? null : lastClient, lastAddress].filter(part => part !== null)
  return parts.length === 0 ? null : parts.join(', ')
}
