import type { DeviceState } from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import type { Stolen } from '../devices/actor.ts'
import { openStoredState } from '../devices/stored-state.ts'
import type { Play } from '../play/play.ts'
import type { Truth } from './truth.ts'

/** Goes through the log with everything it has, and answers with what it opened after the commit that put it out. */
function readOn(state: DeviceState, { conversationId, log }: Truth): string[] {
  const groupId = idToBytes(conversationId)
  const proposals: Uint8Array[] = []
  const opened: string[] = []
  let outAt: number | undefined
  for (const { seq, epoch, kind, body } of log) {
    // What was said while it was in, it may read: only commits and what they stand on bring it further.
    if (kind === 'message' && outAt === undefined) continue
    const result = state.processMessage(groupId, body, proposals)
    if (outAt !== undefined && (result.kind === 'application' || result.kind === 'commit')) {
      opened.push(`out at ${String(outAt)}, opens ${result.kind} ${String(seq)} of epoch ${String(epoch)}`)
    }
    if (result.kind === 'self-remove') proposals.push(body)
    if (result.kind !== 'commit') continue
    proposals.length = 0
    if (result.removesSelf) {
      outAt ??= seq
      state.discardStagedCommit(groupId)
    } else state.mergeStagedCommit(groupId)
  }
  return opened
}

/**
 * A device as it was when somebody began to put it out gets the whole log that followed, from a server that helps
 * it. Of what came after the commit that put it out it must open nothing.
 */
export function findThefts(play: Play, truth: Truth, stolen: readonly Stolen[]): string[] {
  return stolen.flatMap(({ actor, body }) => {
    const state = openStoredState(play.world.crypto, body, actor.person.accountId, truth.conversationId)
    try {
      if (state.groupStatus(idToBytes(truth.conversationId)) === null) return []
      play.count('thieves')
      return readOn(state, truth).map(what => `a copy of ${actor.name}, ${what}`)
    } finally {
      state.close()
    }
  })
}
