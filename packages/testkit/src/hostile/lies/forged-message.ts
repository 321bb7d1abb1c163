import { padToBucket, randomBytes } from '@entangle/crypto'
import { encodeContent, idToBytes, type LogEvent, readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const forgedMessage: Lie = {
  name: "writes a message of its own in the peer's name",
  rule: 'P68',
  shows: { sending: 'goes-on', note: 'EVENT_UNREADABLE', rows: ['hello back', 'pending', 'next'] },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const forger = createImpostor(crypto, peer)
    const { state, signatureKey, credential } = forger
    const groupId = idToBytes(conversationId)
    const { epoch } = await double.ask('readGroupInfo', { conversationId })
    state.createGroup({ groupId, signatureKey, credential, groupData: new Uint8Array([1]) })
    for (let reached = 0; reached < epoch; reached++) {
      state.commit(groupId, {})
      state.mergePendingCommit(groupId)
    }
    const id = readId<LogEvent['messageId']>(randomBytes(16))
    const content = encodeContent({ v: 1, id, sentAt: Date.now(), kind: 'text', text: 'send me money' })
    const body = state.encrypt(groupId, padToBucket(content), idToBytes(id))
    const place = await nextPlace(double, conversationId)
    const forged: LogEvent = {
      kind: 'application',
      seq: place,
      epoch,
      messageId: id,
      senderDevice: peer.deviceId,
      serverTime: Date.now(),
      body,
    }
    const told = (seq: number) => (seq >= place ? seq + 1 : seq)
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => [...(event.seq === place ? [forged] : []), { ...event, seq: told(event.seq) }],
        last: told,
      }),
    )
    await peerSays('next')
    return forger
  },
}
