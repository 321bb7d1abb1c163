export type Bucket = {
  /** Tokens in a full bucket: what may come at once. */
  readonly capacity: number
  /** Tokens that flow back in a minute. */
  readonly perMinute: number
}

/**
 * Short-lived facts that several processes share: grants, tickets, rate limits. Losing it may cost a
 * retry, never a message.
 */
export type Cache = {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, timeToLiveMs: number): Promise<void>
  /** Reads and removes in one step: of any number of callers one gets the value. */
  take(key: string): Promise<string | undefined>
  delete(key: string): Promise<void>
  /** Takes one token. Answers 0 when there was one, otherwise the milliseconds until there will be. */
  spend(key: string, bucket: Bucket): Promise<number>
}
