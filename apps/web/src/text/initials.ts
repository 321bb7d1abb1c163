const NAME_COLOURS = 8

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

function firstGrapheme(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment
  return ''
}

/** One or two letters that stand for a name in its avatar. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter(word => /[\p{L}\p{N}]/u.test(word))
  const first = firstGrapheme(words[0] ?? name.trim())
  const last = words.length > 1 ? firstGrapheme(words.at(-1) ?? '') : ''
  return (first + last).toLocaleUpperCase()
}

/** The same of eight name colours for an account on every device: 0–7 from its identifier. */
export function nameColourOf(accountId: string): number {
  let hash = 0
  for (let index = 0; index < accountId.length; index++) {
    hash = (Math.imul(hash, 31) + accountId.charCodeAt(index)) >>> 0
  }
  return hash % NAME_COLOURS
}
