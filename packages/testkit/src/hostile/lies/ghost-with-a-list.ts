import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const ghostWithAList: Lie = {
  name: "adds a ghost as a device of the peer's and serves a device list that names it, signed by a key of its own",
  rule: 'P31',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double, peer } = scene
    const ghost = createImpostor(scene.crypto, peer)
    const { event, tookIt } = await enterAsGhost(scene, ghost)
    double.lie(tookIt)
    double.lie(toldIdentity(peer.accountId, ghost.identity))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return ghost
  },
}
