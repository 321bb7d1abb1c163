/** The ten properties, by number. */
export const PROPERTIES = {
  1: 'every acknowledged send is in the log exactly once, at its place, with its bytes',
  2: 'every entitled device shows it exactly once, within 120 s of healing',
  3: 'sequences are contiguous, and what is shown is shown in their order',
  4: 'what was acknowledged before something else began stands before it',
  5: 'what was refused never appears, what is unknown at most once',
  6: 'one commit an epoch, one transcript for all',
  7: 'a removed device gets nothing later',
  8: 'cursors never go back, nor past durable storage',
  9: 'no session works 5 s after it ended',
  10: 'no canary in plain text anywhere',
} as const

export type Property = keyof typeof PROPERTIES
export type Violation = { readonly property: Property; readonly what: string }
export type Find = (property: Property, what: string) => void
