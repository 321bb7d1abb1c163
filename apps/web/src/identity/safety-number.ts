export type SafetyNumberData = { readonly digits: string; readonly basis: 'first-use' | 'verified' }

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
