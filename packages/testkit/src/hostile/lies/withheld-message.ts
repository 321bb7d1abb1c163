import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const withheldMessage: Lie = {
  name: 'withholds a message and leaves a hole in the log',
  rule: 'P59',
  shows: {
    sending: 'stopped',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED HOLE',
    rows: ['hello back'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const withheld = await nextPlace(double, conversationId)
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => (event.seq === withheld ? [] : [event]),
      }),
    )
    await peerSays('withheld')
    await peerSays('after it')
    return createImpostor(crypto, peer)
  },
}
