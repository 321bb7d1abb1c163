import { idToBytes } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import { insertedAt, rewrittenLog } from '../rewritten-log.ts'
import type { GroupLie } from '../scene.ts'

export const groupRevokedLink: GroupLie = {
  name: 'lets somebody in by a link that was revoked',
  rule: 'P53',
  shows: { sending: 'stopped', doubt: 'record-contradicted', note: 'OUT_OF_CONVERSATION broken' },
  async tell(scene) {
    const { conversationId, double, outsider } = scene
    const { inviteId, secret } = await scene.revokedLink()
    const guest = createImpostor(scene.crypto, outsider)
    guest.state.storePreSharedKey(idToBytes(inviteId), secret)
    const { event } = await enterAsGhost(scene, guest, idToBytes(inviteId))
    double.lie(rewrittenLog(double, conversationId, insertedAt([event])))
    double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return guest
  },
}
