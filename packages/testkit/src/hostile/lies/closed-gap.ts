import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const closedGap: Lie = {
  name: 'withholds a message and gives its place to the next',
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED OTHER_TRANSCRIPT',
    rows: ['hello back', 'after it'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const withheld = await nextPlace(double, conversationId)
    const told = (seq: number) => (seq >= withheld ? seq - 1 : seq)
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => (event.seq === withheld ? [] : [{ ...event, seq: told(event.seq) }]),
        last: told,
      }),
    )
    await peerSays('withheld')
    await peerSays('after it')
    return createImpostor(crypto, peer)
  },
}
