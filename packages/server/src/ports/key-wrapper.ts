export type WrappedKey = { readonly version: number; readonly wrapped: Uint8Array }

/** Holds the keys that wrap data keys: a file beside the databases, or a service that never gives them out. */
export type KeyWrapper = {
  /** Under which data keys are wrapped now. Versions only grow. */
  current(): Promise<number>
  wrap(dataKey: Uint8Array): Promise<WrappedKey>
  unwrap(key: WrappedKey): Promise<Uint8Array>
  /** Makes the next version, which is the current one from then on. */
  renew(): Promise<void>
  /** Nothing is wrapped under this version any more. May be repeated. */
  discard(version: number): Promise<void>
}
