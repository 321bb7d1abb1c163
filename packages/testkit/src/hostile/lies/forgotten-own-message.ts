import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const forgottenOwnMessage: Lie = {
  name: "acknowledges a message of the victim's and gives its place to another",
  rule: 'P59',
  shows: { sending: 'goes-on', doubt: 'record-contradicted', note: 'RECORD_CONTRADICTED OTHER_AT_PLACE' },
  async tell({ crypto, conversationId, double, peer, victimSays, peerSays }) {
    const place = await nextPlace(double, conversationId)
    const told = (seq: number) => (seq >= place ? seq - 1 : seq)
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => (event.seq === place ? [] : [{ ...event, seq: told(event.seq) }]),
        last: told,
        sparesAcks: true,
      }),
    )
    await victimSays('acknowledged')
    await peerSays('in its place')
    return createImpostor(crypto, peer)
  },
}
