import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const ghostOfAThird: Lie = {
  name: 'lets a third account into a conversation of two, with an identity of its own that verifies',
  rule: 'P33',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const { conversationId, double } = scene
    const third = { accountId: readId<never>(randomBytes(16)), handle: 'third' }
    const ghost = createImpostor(scene.crypto, third)
    const { event, tookIt } = await enterAsGhost(scene, ghost)
    double.lie(tookIt)
    double.lie(toldIdentity(third.accountId, ghost.identity))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return ghost
  },
}
