import { padToBucket, randomBytes } from '@entangle/crypto'
import { encodeContent, idToBytes, type LogEvent, readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { foundSameGroup } from '../ghost.ts'
import { insertedAt, nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const forgedMessage: Lie = {
  name: "writes a message of its own in the peer's name",
  rule: 'P68',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'EVENT_UNREADABLE',
    rows: ['hello back', 'pending', 'next', 'and next'],
  },
  async tell(scene) {
    const { conversationId, double, peer, peerSays } = scene
    const forger = createImpostor(scene.crypto, peer)
    const epoch = await foundSameGroup(scene, forger)
    const id = readId<LogEvent['messageId']>(randomBytes(16))
    const content = encodeContent({ v: 1, id, sentAt: Date.now(), kind: 'text', text: 'send me money' })
    const forged: LogEvent = {
      kind: 'application',
      seq: await nextPlace(double, conversationId),
      epoch,
      messageId: id,
      senderDevice: peer.deviceId,
      serverTime: Date.now(),
      body: forger.state.encrypt(idToBytes(conversationId), padToBucket(content), idToBytes(id)),
    }
    double.lie(rewrittenLog(double, conversationId, insertedAt([forged])))
    for (const text of ['next', 'and next']) await peerSays(text)
    return forger
  },
}
