import { attackerWithAll } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'

export const removedDeviceReturns: Lie = {
  name: 'lets a removed device come back, with everything that it had',
  rule: 'P33',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double } = scene
    await scene.peerAddsDevice()
    const thief = await scene.peerLosesDevice()
    const { event, tookIt } = await enterAsGhost(scene, { ...thief, state: thief.fresh })
    double.lie(tookIt)
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return attackerWithAll([thief.state, thief.fresh])
  },
}
