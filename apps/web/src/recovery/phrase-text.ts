/** The recovery phrase as people write it down, lose track of and type in again. Pure text. */

export const PHRASE_WORDS = 12

/**
 * Words out of whatever was typed or pasted: numbers, commas, line breaks and capitals are people's own
 * and mean nothing. Marks on letters go too; the list has none.
 */
export function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(word => word !== '')
}

/** What is wrong with a phrase, for the person who typed it; null when it may be right. */
export function checkPhrase(text: string, list: ReadonlySet<string> | null): string | null {
  const words = wordsOf(text)
  if (words.length === 0) return 'Enter your recovery phrase.'
  const unknown = list === null ? [] : words.filter(word => !list.has(word))
  const [first, second] = unknown
  if (first !== undefined && list !== null) {
    if (second !== undefined) return `${joinWords(unknown)} are not among the words used here. Check them.`
    const near = nearestWord(first, list)
    const place = words.length === PHRASE_WORDS ? ` (number ${words.indexOf(first) + 1})` : ''
    const advice = near === null ? 'Check its spelling.' : `Did you mean “${near}”?`
    return `“${first}”${place} is not among the words used here. ${advice}`
  }
  if (words.length === PHRASE_WORDS) return null
  const count = words.length === 1 ? 'This is one word' : `These are ${words.length} words`
  return `${count}; the phrase has ${words.length > PHRASE_WORDS ? 'only ' : ''}${PHRASE_WORDS}.`
}

function joinWords(words: readonly string[]): string {
  const shown = words.slice(0, 4).map(word => `“${word}”`)
  const rest = words.length - shown.length
  const last = rest > 0 ? `${rest} more` : shown.pop()
  return `${shown.join(', ')} and ${last}`
}

/** The only word of the list that one slip of the hand away could have been meant; null when none or several. */
export function nearestWord(typed: string, list: Iterable<string>): string | null {
  let found: string | null = null
  for (const word of list) {
    if (!isOneSlipAway(typed, word)) continue
    if (found !== null) return null
    found = word
  }
  return found
}

/** One letter too many, missing or wrong, or two neighbours swapped. */
function isOneSlipAway(typed: string, meant: string): boolean {
  if (Math.abs(typed.length - meant.length) > 1) return false
  let same = 0
  while (same < typed.length && typed[same] === meant[same]) same++
  const rest = (text: string, from: number) => text.slice(same + from)
  return (
    rest(typed, 1) === rest(meant, 1) ||
    rest(typed, 1) === rest(meant, 0) ||
    rest(typed, 0) === rest(meant, 1) ||
    (typed[same] === meant[same + 1] && typed[same + 1] === meant[same] && rest(typed, 2) === rest(meant, 2))
  )
}

/** Two different places of the phrase, counted from 1, in order. `random` gives numbers from 0 up to 1. */
export function chooseQuestions(random: () => number = Math.random): readonly [number, number] {
  const first = Math.floor(random() * PHRASE_WORDS)
  const second = (first + 1 + Math.floor(random() * (PHRASE_WORDS - 1))) % PHRASE_WORDS
  return [Math.min(first, second) + 1, Math.max(first, second) + 1]
}

export function isSameWord(typed: string, word: string): boolean {
  const words = wordsOf(typed)
  return words.length === 1 && words[0] === word
}

/** A word can stand twice in a phrase; its number cannot. */
export function numbered(words: readonly string[]): readonly { number: number; word: string }[] {
  return words.map((word, index) => ({ number: index + 1, word }))
}

/** What is saved as a file: readable by a person who has forgotten what it is. */
export function phraseFile(handle: string, words: readonly string[], address: string): string {
  const lines = numbered(words).map(({ number, word }) => `${String(number).padStart(2)}. ${word}`)
  return [
    'Recovery phrase for Entangle',
    `Account: @${handle}`,
    `Address: ${address}`,
    '',
    ...lines,
    '',
    'With these words the account can be opened again when all devices are lost and the',
    'password is forgotten. Whoever has them can do the same: keep them where only you look.',
    '',
  ].join('\n')
}
