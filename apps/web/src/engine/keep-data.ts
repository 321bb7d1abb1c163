let asked = false

/**
 * Asks the browser not to clear this site's data when space runs short. After the first message sent:
 * before that there is nothing to keep, and a question on arrival would only be in the way.
 */
export function askToKeepData(): void {
  if (asked) return
  asked = true
  navigator.storage?.persist?.().catch(() => {})
}
