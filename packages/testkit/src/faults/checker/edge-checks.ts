import type { Entry } from '../history.ts'
import type { Find } from './verdict.ts'

/** (8): a cursor never goes back, and never past what the device has in its storage. */
export function checkCursors(history: readonly Entry[], find: Find): void {
  const durable = new Map<string, number>()
  const cursors = new Map<string, number>()
  for (const entry of history) {
    if (entry.kind !== 'show' && entry.kind !== 'cursor') continue
    const { device, conversation, seq } = entry
    const key = `${device} ${conversation}`
    if (entry.kind === 'show') {
      durable.set(key, Math.max(durable.get(key) ?? 0, seq))
      continue
    }
    const series = `${key} ${entry.where}`
    const before = cursors.get(series) ?? 0
    if (seq < before) find(8, `the cursor of ${device} went from ${before} back to ${seq} (${entry.where})`)
    if (seq > (durable.get(key) ?? 0)) {
      find(8, `the cursor of ${device} is ${seq}, its storage ends at ${durable.get(key) ?? 0}`)
    }
    cursors.set(series, Math.max(before, seq))
  }
}

const REVOCATION_MS = 5000

/** (9): nothing opens with a session that ended. */
export function checkRevocations(history: readonly Entry[], find: Find): void {
  const ended = new Map<string, number>()
  for (const entry of history) {
    if (entry.kind === 'revoked') ended.set(entry.device, entry.at)
    if (entry.kind !== 'used' || !entry.accepted) continue
    const endedAt = ended.get(entry.device)
    if (endedAt !== undefined && entry.at > endedAt + REVOCATION_MS) {
      find(9, `${entry.device} got in ${Math.round(entry.at - endedAt)} ms after its session ended`)
    }
  }
}

/** (10): no plaintext of a canary anywhere. */
export function checkLeaks(history: readonly Entry[], find: Find): void {
  for (const entry of history) {
    if (entry.kind !== 'searched') continue
    for (const found of entry.found) find(10, `${entry.place} holds ${found}`)
  }
}
