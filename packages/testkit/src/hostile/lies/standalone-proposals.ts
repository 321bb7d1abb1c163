import { randomBytes } from '@entangle/crypto'
import { idToBytes, type LogEvent, readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { foundSameGroup } from '../ghost.ts'
import { insertedAt, nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const standaloneProposals: Lie = {
  name: 'puts proposals into the log that nobody has made',
  rule: 'P52',
  // Taken up, or taken for the end of the group, they keep what comes after them out.
  mistake: 10,
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED OTHER_TRANSCRIPT',
    rows: ['hello back', 'next', 'and next'],
  },
  async tell(scene) {
    const { conversationId, double, peer, peerSays } = scene
    const forger = createImpostor(scene.crypto, peer)
    const epoch = await foundSameGroup(scene, forger)
    const place = await nextPlace(double, conversationId)
    const bodies = [forger.state.proposeSelfRemove(idToBytes(conversationId)), randomBytes(64)]
    const proposals = bodies.map(
      (body, index): LogEvent => ({
        kind: 'proposal',
        seq: place + index,
        epoch,
        messageId: readId(randomBytes(16)),
        senderDevice: peer.deviceId,
        serverTime: Date.now(),
        body,
      }),
    )
    double.lie(rewrittenLog(double, conversationId, insertedAt(proposals)))
    for (const text of ['next', 'and next']) await peerSays(text)
    return forger
  },
}
