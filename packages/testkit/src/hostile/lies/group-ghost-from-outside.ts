import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { GroupLie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const groupGhostFromOutside: GroupLie = {
  name: 'lets a stranger into a group from outside, without a link and with an identity that verifies',
  rule: 'P53',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double } = scene
    const stranger = { accountId: readId<never>(randomBytes(16)), handle: 'stranger' }
    const ghost = createImpostor(scene.crypto, stranger)
    const { event, tookIt } = await enterAsGhost(scene, ghost)
    double.lie(tookIt)
    double.lie(toldIdentity(stranger.accountId, ghost.identity))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return ghost
  },
}
