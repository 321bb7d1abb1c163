/** Something that waits on the network until the schedule decides about it. */
export type Parcel = {
  /** For the trace. */
  readonly label: string
  /** Lets it through. */
  readonly release: () => Promise<void>
  /** It never arrives, and the connection lives on; absent where a live connection cannot lose it. */
  readonly lose?: () => void
  /** It arrives, and then once more; absent where nobody does that. */
  readonly repeat?: () => Promise<void>
}

/** Looked at only if the choice falls on it. */
export type Waiting = () => Parcel
