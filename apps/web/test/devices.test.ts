import { describe, expect, it } from 'vitest'
import {
  added,
  checkDeviceName,
  deviceNameOf,
  lastActive,
  lastPlace,
  notUsedSince,
} from '../src/devices/device-text.ts'
import { createTimeFormat } from '../src/text/time-format.ts'

describe('devices in words', () => {
  const format = createTimeFormat({ locale: 'en-GB', timeZone: 'Europe/Berlin', hour12: false })
  const at = (text: string) => Date.parse(text)
  const now = at('2025-03-31T10:00:00+02:00')

  it('says when one was last active and added', () => {
    expect(lastActive(at('2025-03-31T08:05:00+02:00'), now, format)).toBe('Active today at 08:05')
    expect(lastActive(at('2025-03-30T08:05:00+02:00'), now, format)).toBe('Active yesterday at 08:05')
    expect(lastActive(at('2025-03-27T08:05:00+01:00'), now, format)).toBe('Active on Thursday')
    expect(lastActive(at('2024-03-03T08:05:00+01:00'), now, format)).toBe('Active on 3 March 2024')
    expect(notUsedSince(at('2024-12-03T08:05:00+01:00'), now, format)).toBe('Not used since 3 December 2024')
    expect(added(now, now, format)).toBe('Added today')
    expect(added(at('2025-03-03T08:05:00+01:00'), now, format)).toBe('Added on 3 March')
  })

  it('says from where one was last there, and nothing twice', () => {
    const place = (lastClient: string | null, lastAddress: string | null) =>
      lastPlace({ name: 'Chrome on Linux', lastClient, lastAddress })
    expect(place('Edge on Windows', '192.0.2.7')).toBe('Edge on Windows, 192.0.2.7')
    expect(place('Chrome on Linux', '192.0.2.7')).toBe('192.0.2.7')
    expect(place(null, '2001:db8::1')).toBe('2001:db8::1')
    expect(place('Chrome on Linux', null)).toBeNull()
  })

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari on Mac',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1',
      'Chrome on iPhone',
    ],
    ['something else', 'Device'],
  ])('calls %s by name', (userAgent, name) => {
    expect(deviceNameOf(userAgent)).toBe(name)
    expect(checkDeviceName(name)).toBeNull()
  })

  it('refuses names that say nothing or break the line', () => {
    expect(checkDeviceName('  ')).toMatch(/Give it a name/)
    expect(checkDeviceName('a\nb')).toMatch(/ordinary/)
    expect(checkDeviceName('x'.repeat(65))).toMatch(/at most 64/)
  })
})
