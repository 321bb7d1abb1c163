import { describe, expect, it } from 'vitest'
import { pageTitle, plural, utf8Length } from '../src/text/counting.ts'
import { initialsOf, nameColourOf } from '../src/text/initials.ts'
import { linkify } from '../src/text/linkify.ts'
import { isLoneEmoji } from '../src/text/lone-emoji.ts'
import { createTimeFormat } from '../src/text/time-format.ts'

const links = (text: string) => linkify(text).filter(token => token.kind === 'link')
const plain = (text: string) =>
  linkify(text)
    .map(token => (token.kind === 'link' ? token.shown : token.text))
    .join('')

describe('linkify', () => {
  it('leaves ordinary text alone', () => {
    expect(linkify('See you at 9.30, e.g. here')).toEqual([
      { kind: 'text', text: 'See you at 9.30, e.g. here' },
    ])
    expect(linkify('')).toEqual([])
  })

  it('finds http, https, www and mail addresses', () => {
    expect(
      links('a https://one.example/x b http://two.example c www.three.example d ada@four.example'),
    ).toEqual([
      { kind: 'link', href: 'https://one.example/x', shown: 'https://one.example/x' },
      { kind: 'link', href: 'http://two.example/', shown: 'http://two.example' },
      { kind: 'link', href: 'https://www.three.example/', shown: 'www.three.example' },
      { kind: 'link', href: 'mailto:ada@four.example', shown: 'ada@four.example' },
    ])
  })

  it.each([
    ['(https://a.example/x)', 'https://a.example/x'],
    ['https://a.example/wiki/Loop_(knot).', 'https://a.example/wiki/Loop_(knot)'],
    ['"https://a.example",', 'https://a.example'],
    ['https://a.example/?q=1&r=2!', 'https://a.example/?q=1&r=2'],
    ['https://a.example:8443/x', 'https://a.example:8443/x'],
  ])('takes the punctuation of the sentence off %s', (text, shown) => {
    expect(links(text)[0]?.shown).toBe(shown)
    expect(plain(text)).toBe(text)
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)//https',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://a.example/1',
    'xhttps://a.example',
    'https://',
    'https://bank.example@evil.example/login',
    'https://user:secret@evil.example',
    'mailto:ada@a.example?bcc=eve@evil.example',
  ])('never links %s', text => {
    expect(links(text)).toEqual([])
    expect(plain(text)).toBe(text)
  })

  it('stops at a backslash, which browsers read as a slash', () => {
    expect(links('https://good.example\\@evil.example')[0]).toMatchObject({ href: 'https://good.example/' })
  })

  it('stops at marks that reorder text', () => {
    expect(links('https://good.example/\u202efdp.exe')[0]).toMatchObject({ href: 'https://good.example/' })
  })

  it('shows a host of one script as it is written', () => {
    expect(links('https://bücher.example/a')[0]).toMatchObject({
      href: 'https://xn--bcher-kva.example/a',
      shown: 'https://bücher.example/a',
    })
    expect(links('https://пример.example')[0]?.shown).toBe('https://пример.example')
    expect(links('https://例え.example')[0]?.shown).toBe('https://例え.example')
  })

  it.each([
    ['https://p\u0430ypal.example', 'a Cyrillic letter among Latin ones'],
    ['https://\u0430\u0440\u0440\u04cf\u0435.example', 'Cyrillic letters that all pass for Latin'],
    ['https://goog\u03bfe.example', 'a Greek letter among Latin ones'],
    ['https://a\u30ceb.example', 'Katakana among Latin, which can pass for a slash'],
  ])('shows punycode for %s (%s)', text => {
    expect(links(text)[0]?.shown).toMatch(/^https:\/\/xn--/)
  })

  it('shows the host that is opened when the typed one folds into another', () => {
    expect(links('https://ｅvil.example/x')[0]).toMatchObject({ shown: 'https://evil.example/x' })
    expect(links('https://GOOD.example/X')[0]?.shown).toBe('https://good.example/X')
    expect(links('http://0x7f.1/')[0]?.shown).toBe('http://127.0.0.1/')
  })

  it('stays fast on hostile length', () => {
    const started = performance.now()
    linkify(`https://a.example/${')'.repeat(20_000)}`)
    linkify('a.'.repeat(20_000))
    linkify('www.'.repeat(10_000))
    linkify(`${'a'.repeat(60)}@`.repeat(500))
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('lone emoji', () => {
  it.each(['👍', '👩‍👩‍👧', '🇩🇪 🎉', '❤️❤️❤️', '👍🏽'])('%s is one', text => expect(isLoneEmoji(text)).toBe(true))
  it.each(['', '5', '#', 'ok 👍', '👍👍👍👍', '©'])('%s is none', text =>
    expect(isLoneEmoji(text)).toBe(false),
  )
})

describe('time', () => {
  const format = createTimeFormat({ locale: 'en-GB', timeZone: 'Europe/Berlin', hour12: false })
  const at = (text: string) => Date.parse(text)
  const now = at('2025-03-31T10:00:00+02:00')

  it('counts calendar days, also over the change to summer time', () => {
    expect(format.short(at('2025-03-31T00:01:00+02:00'), now)).toBe('00:01')
    expect(format.short(at('2025-03-30T23:59:00+02:00'), now)).toBe('Yesterday')
    expect(format.short(at('2025-03-30T00:30:00+01:00'), now)).toBe('Yesterday')
    expect(format.short(at('2025-03-28T12:00:00+01:00'), now)).toBe('Fri')
    expect(format.short(at('2025-03-24T12:00:00+01:00'), now)).toBe('24 Mar')
    expect(format.short(at('2024-12-24T12:00:00+01:00'), now)).toBe('24 Dec 2024')
  })

  it('names days on pills', () => {
    expect(format.day(now, now)).toBe('Today')
    expect(format.day(at('2025-03-30T12:00:00+02:00'), now)).toBe('Yesterday')
    expect(format.day(at('2025-03-27T12:00:00+01:00'), now)).toBe('Thursday')
    expect(format.day(at('2025-03-03T12:00:00+01:00'), now)).toBe('3 March')
    expect(format.day(at('2023-03-03T12:00:00+01:00'), now)).toBe('3 March 2023')
  })

  it('shows a clock ahead of ours as today in the list', () => {
    expect(format.short(at('2025-04-01T08:00:00+02:00'), now)).toBe('08:00')
  })
})

describe('names and counts', () => {
  it('takes initials', () => {
    expect(initialsOf('Ada Lovelace')).toBe('AL')
    expect(initialsOf('ada')).toBe('A')
    expect(initialsOf('Ada King, Countess of Lovelace')).toBe('AL')
    expect(initialsOf('👩‍🚀')).toBe('👩‍🚀')
    expect(initialsOf('李 小龙')).toBe('李小')
  })

  it('spreads colours and keeps them', () => {
    const ids = Array.from({ length: 64 }, (_, index) => index.toString(16).padStart(32, '0'))
    expect(new Set(ids.map(nameColourOf)).size).toBe(8)
    expect(nameColourOf('abc')).toBe(nameColourOf('abc'))
  })

  it('counts in words, titles and bytes', () => {
    expect(plural(1, 'message request')).toBe('1 message request')
    expect(plural(2, 'message request')).toBe('2 message requests')
    expect(pageTitle(0, null)).toBe('Entangle')
    expect(pageTitle(3, null)).toBe('(3) Entangle')
    expect(pageTitle(120, 'Ada')).toBe('(99+) Ada · Entangle')
    expect(utf8Length('aß€😀')).toBe(10)
  })
})
