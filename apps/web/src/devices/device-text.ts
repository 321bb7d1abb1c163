import type { TimeFormat } from '../text/time-format.ts'

/** What the engine calls a device that nobody has named. */
export const UNNAMED = 'Device'

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

/** The first that matches; several browsers also name the ones they are made from. */
const BROWSERS = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|CriOS|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
] as const

const SYSTEMS = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['Mac', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
] as const

/** A first name for this device: 'Firefox on Linux'. It is kept sealed, for the account's own devices alone. */
export function deviceNameOf(userAgent: string): string {
  const find = (list: readonly (readonly [string, RegExp])[]) =>
    list.find(([, pattern]) => pattern.test(userAgent))?.[0]
  const browser = find(BROWSERS)
  const system = find(SYSTEMS)
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`
  return browser ?? system ?? UNNAMED
}
