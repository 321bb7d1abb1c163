import { isHostReadable } from './scripts.ts'

export type TextToken =
  | { readonly kind: 'text'; readonly text: string }
  /** `shown` names the true host; `href` is the whole address as the browser will open it. */
  | { readonly kind: 'link'; readonly href: string; readonly shown: string }

// Where an address may begin. Everything after it up to a space, a quote, an angle bracket, a
// backslash (which browsers read as a slash) or a mark that reorders text belongs to it.
const CANDIDATE =
  /(?:https?:\/\/|mailto:|www\.)[^\s<>"'`\\\p{Cc}\p{Cf}]{1,2100}|[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)+/giu
const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const TRAILING = /[.,;:!?…、。"'*_~]$/u
const EMAIL = /^[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i
const LONGEST_ADDRESS = 2048

/** Splits text into plain pieces and addresses that are safe to open (http, https, mailto). */
export function linkify(text: string): readonly TextToken[] {
  const tokens: TextToken[] = []
  let done = 0
  for (const match of text.matchAll(CANDIDATE)) {
    // In the middle of a word, after another scheme or inside another address it is no address.
    if (match.index > 0 && /[\p{L}\p{N}@/._:-]/u.test(text[match.index - 1] ?? '')) continue
    const raw = trimEnd(match[0])
    const link = toLink(raw)
    if (link === null) continue
    if (match.index > done) tokens.push({ kind: 'text', text: text.slice(done, match.index) })
    tokens.push(link)
    done = match.index + raw.length
  }
  if (done < text.length) tokens.push({ kind: 'text', text: text.slice(done) })
  return tokens
}

/** Punctuation after an address belongs to the sentence; brackets belong to it only in pairs. */
function trimEnd(raw: string): string {
  const balance = new Map<string, number>()
  for (const character of raw) {
    const opening = CLOSING[character]
    if (opening !== undefined) balance.set(opening, (balance.get(opening) ?? 0) - 1)
    else balance.set(character, (balance.get(character) ?? 0) + 1)
  }
  let end = raw.length
  for (; end > 0; end--) {
    const last = raw[end - 1] ?? ''
    const opening = CLOSING[last]
    if (opening !== undefined && (balance.get(opening) ?? 0) < 0) {
      balance.set(opening, (balance.get(opening) ?? 0) + 1)
    } else if (!TRAILING.test(last)) break
  }
  return raw.slice(0, end)
}

function toLink(raw: string): TextToken | null {
  if (raw.length > LONGEST_ADDRESS) return null
  const bareMail = EMAIL.test(raw)
  const address = bareMail ? `mailto:${raw}` : /^www\./i.test(raw) ? `https://${raw}` : raw
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (url.protocol === 'mailto:') {
    // Only a plain address: headers such as ?bcc= would act behind the reader's back.
    const mailbox = address.slice('mailto:'.length)
    return EMAIL.test(mailbox) ? { kind: 'link', href: `mailto:${mailbox}`, shown: raw } : null
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  // "https://bank.example@evil.example" exists to deceive; it stays plain text.
  if (url.username !== '' || url.password !== '' || url.hostname === '') return null
  const shown = showAddress(raw, url)
  return shown === null ? null : { kind: 'link', href: url.href, shown }
}

/** The address as typed, but with the host that will really be opened. */
function showAddress(raw: string, url: URL): string | null {
  const parts = /^((?:https?:\/\/)?)([^/?#]*)(.*)$/isu.exec(raw)
  if (parts === null) return null
  const [, scheme = '', authority = '', rest = ''] = parts
  const [typedHost = '', port = ''] = authority.split(/:(?=\d*$)/)
  const host = faithfulHost(typedHost, url.hostname)
  return `${scheme.toLowerCase()}${host}${port === '' ? '' : `:${port}`}${rest}`
}

function faithfulHost(typed: string, real: string): string {
  const lower = typed.toLowerCase()
  if (lower === real) return real
  const spelledOut = lower === lower.normalize('NFKC') && hostnameOf(lower) === real
  return spelledOut && /\P{ASCII}/u.test(lower) && isHostReadable(lower) ? lower : real
}

function hostnameOf(host: string): string | null {
  const address = `https://${host}`
  return URL.canParse(address) ? new URL(address).hostname : null
}
