export type TimeFormat = {
  /** Clock time: 10:42. */
  readonly clock: (time: number) => string
  /** In the chat list: clock time today, 'Yesterday', a weekday within a week, else a date. */
  readonly short: (time: number, now: number) => string
  /** On a day pill: 'Today', 'Yesterday', 'Monday', '3 March' or '3 March 2024'. */
  readonly day: (time: number, now: number) => string
  /** Whole date and time, for tooltips and screen readers. */
  readonly full: (time: number) => string
  /** Two times are on one day exactly when these are equal. */
  readonly dayKey: (time: number) => string
}

export type TimeFormatOptions = {
  readonly locale?: string
  readonly hour12?: boolean
  readonly timeZone?: string
}

const DAY_MS = 86_400_000
/** All offsets of all zones are whole multiples of this, so a day never changes within one. */
const QUARTER_MS = 900_000

/** A format takes a while to make, and a screen needs few of them. */
function lazyFormat(make: () => Intl.DateTimeFormat) {
  let made: Intl.DateTimeFormat | undefined
  return {
    format: (time: number): string => {
      made ??= make()
      return made.format(time)
    },
  }
}

/** All dates of the interface, from Intl. The words stay in the interface's own language. */
export function createTimeFormat(options: TimeFormatOptions = {}): TimeFormat {
  const zone = options.timeZone === undefined ? {} : { timeZone: options.timeZone }
  const hours = options.hour12 === undefined ? {} : { hour12: options.hour12 }
  const make = (fields: Intl.DateTimeFormatOptions) =>
    lazyFormat(() => new Intl.DateTimeFormat(options.locale, { ...fields, ...zone }))
  const clock = make({ hour: options.hour12 === false ? '2-digit' : 'numeric', minute: '2-digit', ...hours })
  const weekdayShort = make({ weekday: 'short' })
  const weekdayLong = make({ weekday: 'long' })
  const date = make({ day: 'numeric', month: 'short' })
  const dateWithYear = make({ day: 'numeric', month: 'short', year: 'numeric' })
  const dateLong = make({ day: 'numeric', month: 'long' })
  const dateLongWithYear = make({ day: 'numeric', month: 'long', year: 'numeric' })
  const full = make({ dateStyle: 'full', timeStyle: 'short', ...hours })
  const parts = lazyFormat(
    () => new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone }),
  )

  let last = { quarter: Number.NaN, key: '' }
  /** Asked for every row of a timeline, and most of them are close to the one before. */
  const dayKey = (time: number) => {
    const quarter = Math.floor(time / QUARTER_MS)
    if (quarter !== last.quarter) last = { quarter, key: parts.format(time) }
    return last.key
  }
  /** Whole calendar days between two times: the keys are dates, so summer time does not disturb them. */
  const daysAgo = (time: number, now: number) =>
    Math.round((Date.parse(dayKey(now)) - Date.parse(dayKey(time))) / DAY_MS)
  const sameYear = (time: number, now: number) => dayKey(time).slice(0, 4) === dayKey(now).slice(0, 4)

  return {
    clock: time => clock.format(time),
    short: (time, now) => {
      const days = daysAgo(time, now)
      if (days <= 0) return clock.format(time)
      if (days === 1) return 'Yesterday'
      if (days < 7) return weekdayShort.format(time)
      return sameYear(time, now) ? date.format(time) : dateWithYear.format(time)
    },
    day: (time, now) => {
      const days = daysAgo(time, now)
      if (days === 0) return 'Today'
      if (days === 1) return 'Yesterday'
      if (days > 0 && days < 7) return weekdayLong.format(time)
      return sameYear(time, now) ? dateLong.format(time) : dateLongWithYear.format(time)
    },
    full: time => full.format(time),
    dayKey,
  }
}

/** English words with the person's own clock: 12 or 24 hours as their system has it. */
function systemOptions(): TimeFormatOptions {
  const system = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions()
  const english = globalThis.navigator?.languages.find(language => language.startsWith('en'))
  return { locale: english ?? 'en-GB', hour12: system.hour12 ?? false }
}

export const timeFormat = createTimeFormat(systemOptions())
