/** How many frames of a kind a connection may send: at once, and a second. */
const ALLOWANCE = {
  send: { capacity: 200, perSecond: 50 },
  progress: { capacity: 400, perSecond: 50 },
  ephemeral: { capacity: 20, perSecond: 4 },
  question: { capacity: 20, perSecond: 1 },
} as const

export type FrameKind = keyof typeof ALLOWANCE

export type FrameBuckets = { spend(kind: FrameKind, nowMs: number): boolean }

export const unlimitedFrames: FrameBuckets = { spend: () => true }

export function createFrameBuckets(nowMs: number): FrameBuckets {
  const levels = {
    send: ALLOWANCE.send.capacity as number,
    progress: ALLOWANCE.progress.capacity as number,
    ephemeral: ALLOWANCE.ephemeral.capacity as number,
    question: ALLOWANCE.question.capacity as number,
  }
  let at = nowMs
  return {
    spend(kind, now) {
      const seconds = Math.max(0, now - at) / 1000
      at = now
      for (const each of Object.keys(levels) as FrameKind[]) {
        const { capacity, perSecond } = ALLOWANCE[each]
        levels[each] = Math.min(capacity, levels[each] + seconds * perSecond)
      }
      if (levels[kind] < 1) return false
      levels[kind] -= 1
      return true
    },
  }
}
