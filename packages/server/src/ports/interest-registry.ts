/** What somebody may listen to: a device, an account, or a conversation in one of its epochs. */
export type Topic = string

/**
 * Which nodes have somebody who listens to a topic. A node goes by a name that no other ever had. This is a hint: it may
 * lose everything at any moment, and the mark tells.
 *
 * A gathered topic is put together from others when somebody first asks for it, and from then on whoever comes adds to it.
 * Where `announce` comes before `gather` the gathering finds it, where it comes after, it finds the gathered topic.
 */
export type InterestRegistry = {
  /** Listens to all of `firm`, and to those of `gathered` that exist. */
  announce(node: string, firm: readonly Topic[], gathered: readonly Topic[]): Promise<void>
  withdraw(node: string, firm: readonly Topic[]): Promise<void>
  /** In the order of the question. `undefined`: nobody has ever announced or gathered it. */
  find(topics: readonly Topic[]): Promise<Found>
  /** Puts a topic together from everybody who listens to one of `parts`, also where that is nobody. */
  gather(topic: Topic, parts: readonly Topic[]): Promise<readonly string[]>
  /** Changes when everything was lost. */
  mark(): Promise<string>
}

export type Found = {
  readonly mark: string
  readonly nodes: readonly (readonly string[] | undefined)[]
}

/** How long a gathered topic lives. It is not renewed: those who are gone leave it so. */
export const GATHERED_FOR_MS = 5 * 60 * 1000
/** How long an announcement lives that is not renewed. */
export const ANNOUNCED_FOR_MS = 60 * 60 * 1000
