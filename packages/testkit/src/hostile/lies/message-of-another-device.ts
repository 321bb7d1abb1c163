import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const messageOfAnotherDevice: Lie = {
  name: 'names another device as the sender of a message',
  rule: 'P59',
  // The row stands under whomever the frame names wherever the frame is believed.
  mistake: 7,
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED OTHER_SENDER',
    rows: ['hello back', 'mine', 'next'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const place = await nextPlace(double, conversationId)
    const senderDevice = readId<never>(randomBytes(16))
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => [event.seq === place ? { ...event, senderDevice } : event],
      }),
    )
    await peerSays('mine')
    await peerSays('next')
    return createImpostor(crypto, peer)
  },
}
