import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'

export const ghostInTheLog: Lie = {
  name: "adds a ghost as a device of the victim's own, in push, log and tree alike",
  rule: 'P33',
  // Where the server's word on the tree is enough, the ghost reads what is sent next.
  mistake: 7,
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const ghost = createImpostor(scene.crypto, scene.victim)
    const { event, tookIt } = await enterAsGhost(scene, ghost)
    const { conversationId, double } = scene
    double.lie(tookIt)
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return ghost
  },
}
