import { attackerWithAll } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const removedDeviceReturnsByItsList: Lie = {
  name: 'lets a removed device come back, and serves the device list of before it was removed',
  rule: 'P31',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double, peer } = scene
    await scene.peerAddsDevice()
    const earlier = await double.ask('readIdentity', { accountId: peer.accountId })
    const thief = await scene.peerLosesDevice()
    const { event, tookIt } = await enterAsGhost(scene, { ...thief, state: thief.fresh })
    double.lie(tookIt)
    double.lie(toldIdentity(peer.accountId, earlier))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return attackerWithAll([thief.state, thief.fresh])
  },
}
