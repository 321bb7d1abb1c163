import { padToBucket, randomBytes } from '@entangle/crypto'
import { encodeContent, idToBytes, type LogEvent, readId } from '@entangle/protocol'
import { attackerWithAll } from '../attacker.ts'
import { insertedAt, nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const lateMessageOfARemovedDevice: Lie = {
  name: 'takes a message of the epoch before from a device that was removed',
  rule: 'P43',
  // Shown as the word of the account wherever the place in the tree is not looked at.
  mistake: 8,
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED REMOVED_SENDER',
    rows: ['it is out', 'next'],
  },
  async tell(scene) {
    const { conversationId, double, peerSays } = scene
    await scene.peerAddsDevice()
    const thief = await scene.peerLosesDevice()
    const groupId = idToBytes(conversationId)
    const id = readId<LogEvent['messageId']>(randomBytes(16))
    const content = encodeContent({ v: 1, id, sentAt: Date.now(), kind: 'text', text: 'send me money' })
    const late: LogEvent = {
      kind: 'application',
      seq: await nextPlace(double, conversationId),
      epoch: Number(thief.state.groupStatus(groupId)?.epoch ?? 0),
      messageId: id,
      senderDevice: thief.deviceId,
      serverTime: Date.now(),
      body: thief.state.encrypt(groupId, padToBucket(content), idToBytes(id)),
    }
    double.lie(rewrittenLog(double, conversationId, insertedAt([late])))
    await peerSays('next')
    return attackerWithAll([thief.state, thief.fresh])
  },
}
