import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const withheldEnd: Lie = {
  name: 'withholds whatever the peer says from now on, while it acknowledges what the victim says',
  rule: 'P59',
  shows: {
    sending: 'stopped',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED HOLE',
  },
  async tell({ crypto, conversationId, double, peer, victim, peerSays, victimSays }) {
    const end = await nextPlace(double, conversationId)
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => (event.seq < end || event.senderDevice === victim.deviceId ? [event] : []),
        last: lastSeq => Math.min(lastSeq, end - 1),
        sparesAcks: true,
      }),
    )
    await peerSays('withheld')
    await victimSays('do you hear me?')
    return createImpostor(crypto, peer)
  },
}
