const LONE = /^(?:\p{RGI_Emoji}\s*){1,3}$/v

/** One to three emoji and nothing else: shown large, without a bubble's weight. */
export function isLoneEmoji(text: string): boolean {
  // The longest emoji sequences have some fifteen units; longer text needs no look.
  return text.length <= 64 && LONE.test(text.trim())
}
