import type { QuotaState } from '@entangle/client'

/** What there is no room for, as one short sentence. */
export function quotaTitle({ historyFull, settingsFull }: QuotaState): string {
  if (historyFull && settingsFull) return 'There is no room left for your history and settings.'
  return historyFull ? 'There is no room left for your history.' : 'There is no room left for your settings.'
}
