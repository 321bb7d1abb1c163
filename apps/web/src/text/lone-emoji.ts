const LONE = /^(?:\p{RGI_Emoji}\s*){1,3}$/v
/** Every sequence begins with one of these. To ask first spares almost every page the table of all sequences. */
const BEGINNING = /^\p{Emoji}/u

/** One to three emoji and nothing else: shown large, without a bubble's weight. */
export function isLoneEmoji(text: string): boolean {
  // The longest emoji sequences have some fifteen units; longer text needs no look.
  if (text.length > 64) return false
  const word = text.trim()
  return BEGINNING.test(word) && LONE.test(word)
}
