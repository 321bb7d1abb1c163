import { encodeGroupData } from '@entangle/protocol'
import { attackerWithAll } from '../attacker.ts'
import { commitOf } from '../ghost.ts'
import { insertedAt, rewrittenLog } from '../rewritten-log.ts'
import type { GroupLie } from '../scene.ts'

export const groupRolesTaken: GroupLie = {
  name: 'takes a commit by which a plain member makes themselves owner',
  rule: 'P51',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH ROLE_REQUIRED' },
  async tell(scene) {
    const { conversationId, double } = scene
    const traitor = await scene.memberTurns()
    const groupData = encodeGroupData({
      kind: 'group',
      owners: new Set([traitor.accountId]),
      admins: new Set(),
      invites: new Set(),
    })
    const { event } = await commitOf(scene, traitor, { groupData })
    double.lie(rewrittenLog(double, conversationId, insertedAt([event])))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return attackerWithAll([])
  },
}
