/** The words a phrase is made of, fetched only when somebody types one: they are public and 13 kB. */
export async function loadWordList(): Promise<ReadonlySet<string>> {
  const { wordlist } = await import('@scure/bip39/wordlists/english.js')
  return new Set(wordlist)
}
