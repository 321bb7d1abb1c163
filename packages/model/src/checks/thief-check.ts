import { idToBytes } from '@entangle/protocol'
import { openStoredState } from '../devices/stored-state.ts'
import type { Play } from '../play/play.ts'
import type { Truth } from './truth.ts'

/**
 * A device as it was when somebody began to remove it gets the whole log that followed, from a server that helps
 * it. Of what came after the commit that put it out it must open nothing.
 */
export function findThefts(play: Play, { conversationId, log, members }: Truth): string[] {
  const groupId = idToBytes(conversationId)
  return play.cast.actors.flatMap(({ name, person, stolen }) => {
    const leftSeq = stolen === undefined ? null : (members.get(stolen.deviceId)?.leftSeq ?? null)
    if (stolen === undefined || leftSeq === null) return []
    const state = openStoredState(play.world.crypto, stolen.body, person.accountId, conversationId)
    try {
      if (state.groupStatus(groupId) === null) return []
      play.count('thieves')
      const opened: string[] = []
      for (const event of log) {
        const result = state.processMessage(groupId, event.body)
        if (result.kind === 'commit') {
          if (result.removesSelf) state.discardStagedCommit(groupId)
          else state.mergeStagedCommit(groupId)
        }
        const isAfter = event.seq > leftSeq
        if (isAfter && (result.kind === 'application' || result.kind === 'commit')) {
          opened.push(
            `${name}, removed at ${String(leftSeq)}, opens ${result.kind} ${String(event.seq)} of epoch ${String(event.epoch)}`,
          )
        }
      }
      return opened
    } finally {
      state.close()
    }
  })
}
