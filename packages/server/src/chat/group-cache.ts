import type { PublicGroup } from '@entangle/crypto/verify'
import type { ConversationId } from '@entangle/protocol'

/**
 * Groups that were open a moment ago: opening a large one from its entries takes longer than a commit on it.
 * The database is the truth: a group is used only at the epoch that the conversation's row, locked, has.
 */
export type GroupCache = {
  /** The caller has it to itself; undefined when it is not here as it is at this epoch. */
  take(conversationId: ConversationId, epoch: number): PublicGroup | undefined
  put(conversationId: ConversationId, group: PublicGroup): void
}

type Held = { readonly group: PublicGroup; readonly weight: number }

/** Leaves of all held groups together: a leaf takes a few KiB. */
const WEIGHT_LIMIT = 20_000
/** What a group takes however small it is. */
const WEIGHT_OF_GROUP = 20

export function createGroupCache(): GroupCache {
  // A map iterates in the order of insertion: the first is the one that was used longest ago.
  const held = new Map<ConversationId, Held>()
  let total = 0

  function remove(conversationId: ConversationId): PublicGroup | undefined {
    const entry = held.get(conversationId)
    held.delete(conversationId)
    total -= entry?.weight ?? 0
    return entry?.group
  }

  return {
    take(conversationId, epoch) {
      const group = remove(conversationId)
      if (group === undefined || Number(group.epoch) === epoch) return group
      group.close()
      return undefined
    },
    put(conversationId, group) {
      remove(conversationId)?.close()
      const weight = WEIGHT_OF_GROUP + group.members().length
      held.set(conversationId, { group, weight })
      total += weight
      for (const oldest of held.keys()) {
        if (total <= WEIGHT_LIMIT) break
        remove(oldest)?.close()
      }
    },
  }
}
