/** What the system knows about the network; a hint that only shortens waiting. */
export type NetworkWatch = {
  readonly online: () => boolean
  /** Called when the network came or went, or the application woke up. Returns the unsubscriber. */
  readonly watch: (changed: () => void) => () => void
}

export const alwaysOnline: NetworkWatch = { online: () => true, watch: () => () => undefined }
