import type { PublicGroup } from '@entangle/crypto/verify'
import type { ConversationId } from '@entangle/protocol'
import type { GroupMember } from './public-groups.ts'

export type LoadedGroup = {
  readonly group: PublicGroup
  /** Everybody in its tree. */
  readonly members: readonly GroupMember[]
}

/**
 * Groups that were open a moment ago: a large one is some hundred entries to read and to parse. The database is the
 * truth: a group is used only at the epoch that the conversation's row, locked, has.
 */
export type GroupCache = {
  /** The caller has it to itself; undefined when it is not here as it is at this epoch. */
  take(conversationId: ConversationId, epoch: number): LoadedGroup | undefined
  put(conversationId: ConversationId, loaded: LoadedGroup): void
}

/** Leaves of all held groups together: a leaf takes a few KiB. */
const WEIGHT_LIMIT = 20_000
/** What a group takes however small it is. */
const WEIGHT_OF_GROUP = 20

const weightOf = ({ members }: LoadedGroup): number => WEIGHT_OF_GROUP + members.length

function isAt(group: PublicGroup, epoch: number): boolean {
  try {
    return Number(group.epoch) === epoch
  } catch {
    // A trap of the WebAssembly instance takes all its groups along.
    return false
  }
}

export function createGroupCache(weightLimit = WEIGHT_LIMIT): GroupCache {
  // A map iterates in the order of insertion: the first is the one that was used longest ago.
  const held = new Map<ConversationId, LoadedGroup>()
  let total = 0

  function remove(conversationId: ConversationId): LoadedGroup | undefined {
    const loaded = held.get(conversationId)
    if (loaded === undefined) return undefined
    held.delete(conversationId)
    total -= weightOf(loaded)
    return loaded
  }

  return {
    take(conversationId, epoch) {
      const loaded = remove(conversationId)
      if (loaded === undefined || isAt(loaded.group, epoch)) return loaded
      loaded.group.close()
      return undefined
    },
    put(conversationId, loaded) {
      remove(conversationId)?.group.close()
      held.set(conversationId, loaded)
      total += weightOf(loaded)
      for (const oldest of held.keys()) {
        if (total <= weightLimit) break
        remove(oldest)?.group.close()
      }
    },
  }
}
