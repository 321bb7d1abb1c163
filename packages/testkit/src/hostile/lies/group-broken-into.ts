import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { GroupLie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const groupBrokenInto: GroupLie = {
  name: 'breaks a group here, and serves for coming back one of its making, with a stranger in it',
  rule: 'P59',
  shows: { sending: 'stopped', phase: 'checking', note: 'OUT_OF_CONVERSATION broken' },
  async tell(scene) {
    const { conversationId, double } = scene
    const stranger = { accountId: readId<never>(randomBytes(16)), handle: 'stranger' }
    const ghost = createImpostor(scene.crypto, stranger)
    const { event, tookIt } = await enterAsGhost(scene, ghost)
    double.lie(tookIt)
    double.lie(toldIdentity(stranger.accountId, ghost.identity))
    double.lie({
      answers: {
        submitCommit: request => ({ seq: event.seq + 1, epoch: request.epoch + 1, serverTime: Date.now() }),
      },
    })
    const broken = { ...event, body: randomBytes(256) }
    double.tell({ kind: 'deliver', frame: { ...broken, conversationId } })
    return ghost
  },
}
