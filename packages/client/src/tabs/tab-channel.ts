import type { CallerFrame, EngineFrame } from '../rpc/frames.ts'

export type TabId = string

/** What tabs of one application say to each other. */
export type TabMessage =
  /** Said once after election and as the answer to every ping. `busyMs`: how long silence means nothing. */
  | { readonly t: 'leader'; readonly tab: TabId; readonly busyMs: number }
  | { readonly t: 'ping'; readonly tab: TabId }
  | { readonly t: 'to-leader'; readonly tab: TabId; readonly leader: TabId; readonly frame: CallerFrame }
  | { readonly t: 'to-tab'; readonly tab: TabId; readonly leader: TabId; readonly frame: EngineFrame }

/** Reaches all other tabs, not the sender. */
export type TabChannel = {
  readonly post: (message: TabMessage) => void
  readonly listen: (receive: (message: TabMessage) => void) => () => void
  readonly close: () => void
}
