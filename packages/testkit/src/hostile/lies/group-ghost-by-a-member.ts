import { attackerWithAll, createImpostor } from '../attacker.ts'
import { commitOf } from '../ghost.ts'
import { insertedAt, rewrittenLog } from '../rewritten-log.ts'
import type { GroupLie } from '../scene.ts'

export const groupGhostByAMember: GroupLie = {
  name: "takes a member's commit that adds a ghost as a device of the owner's",
  rule: 'P33',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double } = scene
    const ghost = createImpostor(scene.crypto, scene.peer)
    const traitor = await scene.memberTurns()
    const { event, welcomes, ratchetTree } = await commitOf(scene, traitor, { add: [ghost.keyPackage] })
    for (const { welcome } of welcomes) {
      ghost.state.stageWelcome(welcome, ratchetTree)
      ghost.state.acceptWelcome()
    }
    double.lie(rewrittenLog(double, conversationId, insertedAt([event])))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return attackerWithAll([ghost.state])
  },
}
