import { attackerWithAll } from '../attacker.ts'
import { commitOf } from '../ghost.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { GroupLie } from '../scene.ts'

export const groupLeaverKept: GroupLie = {
  name: 'takes a commit that keeps somebody in who has left',
  rule: 'P52',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH LEAVER_KEPT' },
  async tell(scene) {
    const { conversationId, double } = scene
    const traitor = await scene.memberTurns()
    const left = await nextPlace(double, conversationId)
    const { event } = await commitOf(scene, traitor, {})
    const kept = { ...event, seq: left + 1 }
    // What the others do about it is not told.
    double.lie(
      rewrittenLog(double, conversationId, {
        event: told => (told.seq <= left ? [told] : told.seq === left + 1 ? [kept] : []),
        last: lastSeq => Math.min(lastSeq, left + 1),
      }),
    )
    await scene.memberLeaves()
    return attackerWithAll([])
  },
}
