import type { EngineRequests } from '@entangle/client'

export type SafetyNumberData = Awaited<ReturnType<EngineRequests['readSafetyNumber']>>

/** Sixty digits in twelve groups of five. */
export function digitGroups(digits: string): readonly { readonly place: number; readonly digits: string }[] {
  return [...digits.replaceAll(/\D/g, '').matchAll(/\d{1,5}/g)].map(match => ({
    place: match.index,
    digits: match[0],
  }))
}

export function spokenNumber(digits: string): string {
  return digitGroups(digits)
    .map(group => group.digits)
    .join(' ')
}

/** `day`: as a day pill has it. */
export function changedWords(name: string, day: string): string {
  const when = day === 'Today' || day === 'Yesterday' ? day.toLowerCase() : day
  return `${name} has had this number since ${when}: the one before is no longer right.`
}
