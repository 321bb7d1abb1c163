import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const replayUnderAnotherId: Lie = {
  name: 'tells a message under another id',
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED OTHER_ID',
    rows: ['hello back', 'unsupported', 'next'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const place = await nextPlace(double, conversationId)
    const messageId = readId<never>(randomBytes(16))
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => [event.seq === place ? { ...event, messageId } : event],
      }),
    )
    await peerSays('moved')
    await peerSays('next')
    return createImpostor(crypto, peer)
  },
}
