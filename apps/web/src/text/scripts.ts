/**
 * Which host names may be shown in their own script. A name that mixes scripts, or that is written
 * wholly in letters that pass for Latin ones, is shown as the punycode the network really uses.
 */

const SCRIPTS = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Thai',
  'Georgian',
  'Hangul',
  'Hiragana',
  'Katakana',
  'Bopomofo',
  'Han',
] as const
type Script = (typeof SCRIPTS)[number]

const MATCHERS: ReadonlyMap<Script, RegExp> = new Map(
  SCRIPTS.map(script => [script, new RegExp(`\\p{Script=${script}}`, 'u')]),
)
const NEUTRAL = /[\p{Script=Common}\p{Script=Inherited}]/u

// What Unicode's security profile (UTS 39, "highly restrictive") lets stand together, less Latin:
// beside Latin letters nothing else is needed to read a name, and everything to forge one.
const TOGETHER: readonly ReadonlySet<Script>[] = [
  new Set<Script>(['Han', 'Hiragana', 'Katakana']),
  new Set<Script>(['Han', 'Bopomofo']),
  new Set<Script>(['Han', 'Hangul']),
]

// Lower-case letters that look like Latin ones in common fonts.
const LATIN_LOOKALIKE = /^[асԁеһіјӏорԛѕԝхуүѵьгαικνορτυχωѡꮯ0-9-]+$/u

function scriptsOf(label: string): Set<Script | 'other'> {
  const found = new Set<Script | 'other'>()
  for (const character of label) {
    if (NEUTRAL.test(character)) continue
    let known: Script | 'other' = 'other'
    for (const [script, matcher] of MATCHERS) {
      if (matcher.test(character)) {
        known = script
        break
      }
    }
    found.add(known)
  }
  return found
}

/** True when a host written like this cannot be mistaken for another one by its scripts. */
export function isHostReadable(host: string): boolean {
  return host.split('.').every(label => {
    const scripts = scriptsOf(label)
    if (scripts.has('other')) return false
    if (scripts.size > 1) {
      return TOGETHER.some(group => [...scripts].every(script => script !== 'other' && group.has(script)))
    }
    return scripts.has('Latin') || scripts.size === 0 || !LATIN_LOOKALIKE.test(label)
  })
}
