import type { ChatSummary } from '@entangle/client'
import { describe, expect, it } from 'vitest'
import {
  checkPhrase,
  chooseQuestions,
  isSameWord,
  nearestWord,
  phraseFile,
  wordsOf,
} from '../src/recovery/phrase-text.ts'
import { hasSomethingToLose, isPutOff, REMIND_AFTER_MS } from '../src/recovery/reminder.ts'
import { loadWordList } from '../src/recovery/word-list.ts'

const PHRASE = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const WORDS = PHRASE.split(' ')

describe('the words of a phrase', () => {
  it.each([
    ['as they are', PHRASE],
    ['in capitals with spaces all over', `  ${PHRASE.toUpperCase().replaceAll(' ', '   ')}\n`],
    ['with commas', WORDS.join(', ')],
    ['numbered, one a line', WORDS.map((word, index) => `${index + 1}. ${word}`).join('\n')],
    ['numbered without a space', WORDS.map((word, index) => `${index + 1})${word}`).join(' ')],
    ['with marks that a keyboard put there', PHRASE.replace('legal', 'légal').replace('yellow', 'ｙellow')],
    ['with invisible spaces', WORDS.join('\u00a0\u200b')],
  ])('are found %s', (_, text) => {
    expect(wordsOf(text)).toEqual(WORDS)
  })

  it('are found again in the file that was saved', () => {
    const file = phraseFile('mira', WORDS, 'https://chat.example')
    const numbered = file.split('\n').filter(line => /^ ?\d+\. /.test(line))
    expect(wordsOf(numbered.join('\n'))).toEqual(WORDS)
    expect(file).toContain('@mira')
  })
})

describe('checking a phrase', async () => {
  const list = await loadWordList()

  it('lets a right one pass, with the list and without', () => {
    expect(checkPhrase(PHRASE, list)).toBeNull()
    expect(checkPhrase(WORDS.join(','), null)).toBeNull()
  })

  it('names the word that is not in the list, its place and what was meant', () => {
    expect(checkPhrase(PHRASE.replace('sausage', 'sausge'), list)).toBe(
      '“sausge” (number 6) is not among the words used here. Did you mean “sausage”?',
    )
    expect(checkPhrase(PHRASE.replace('sausage', 'qqqq'), list)).toMatch(/“qqqq”.*Check its spelling/)
    expect(checkPhrase('legl winnr thank', list)).toBe(
      '“legl” and “winnr” are not among the words used here. Check them.',
    )
    expect(checkPhrase('qa qb qc qd qe qf', list)).toMatch(/^“qa”, “qb”, “qc”, “qd” and 2 more are not/)
  })

  it('counts', () => {
    expect(checkPhrase('  ', list)).toBe('Enter your recovery phrase.')
    expect(checkPhrase('legal', list)).toBe('This is one word; the phrase has 12.')
    expect(checkPhrase(WORDS.slice(1).join(' '), list)).toBe('These are 11 words; the phrase has 12.')
    expect(checkPhrase(`${PHRASE} wave`, list)).toBe('These are 13 words; the phrase has only 12.')
  })

  it('guesses only where one word alone is near', () => {
    expect(nearestWord('yaer', list)).toBe('year')
    expect(nearestWord('thankk', list)).toBe('thank')
    expect(nearestWord('bat', ['bar', 'cat'])).toBeNull()
    expect(nearestWord('', ['a', 'b'])).toBeNull()
  })
})

describe('typing two words back', () => {
  it('asks for two different places in order, whatever the dice say', () => {
    for (const first of [0, 0.3, 0.5, 0.999]) {
      for (const second of [0, 0.4, 0.7, 0.999]) {
        const dice = [first, second]
        const [left, right] = chooseQuestions(() => dice.shift() ?? 0)
        expect(left).toBeGreaterThanOrEqual(1)
        expect(right).toBeLessThanOrEqual(12)
        expect(left).toBeLessThan(right)
      }
    }
  })

  it('accepts the word as people type it', () => {
    expect(isSameWord(' Legal ', 'legal')).toBe(true)
    expect(isSameWord('1. legal', 'legal')).toBe(true)
    expect(isSameWord('legal winner', 'legal')).toBe(false)
    expect(isSameWord('', 'legal')).toBe(false)
  })
})

describe('the reminder', () => {
  it('is quiet for three days after it was put off, and not longer', () => {
    expect(isPutOff(null, 5)).toBe(false)
    expect(isPutOff(1_000, 1_000)).toBe(true)
    expect(isPutOff(1_000, 999 + REMIND_AFTER_MS)).toBe(true)
    expect(isPutOff(1_000, 1_000 + REMIND_AFTER_MS)).toBe(false)
    expect(isPutOff(2_000, 1_000)).toBe(false)
  })

  it('comes once there is a conversation', () => {
    const chat = (over: Partial<ChatSummary>) =>
      ({ standing: 'accepted', last: null, ...over }) as ChatSummary
    const last = { text: '', notice: null, own: true, sender: null, time: 0, delivery: 'sent' } as const
    expect(hasSomethingToLose([])).toBe(false)
    expect(hasSomethingToLose([chat({})])).toBe(false)
    expect(hasSomethingToLose([chat({ last: { ...last, delivery: 'queued' } })])).toBe(false)
    expect(hasSomethingToLose([chat({ last, standing: 'request' })])).toBe(false)
    expect(hasSomethingToLose([chat({ last })])).toBe(true)
    expect(hasSomethingToLose([chat({ last: { ...last, own: false, delivery: null } })])).toBe(true)
  })
})
