import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const shortenedLog: Lie = {
  name: 'comes back from an earlier state: its log ends before what is stored here',
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED SHORTENED',
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    await peerSays('forgotten')
    const end = (await nextPlace(double, conversationId)) - 1
    const stop = double.lie(
      rewrittenLog(double, conversationId, {
        event: event => (event.seq < end ? [event] : []),
        last: lastSeq => Math.min(lastSeq, end - 1),
        sparesAcks: true,
      }),
    )
    double.hangUp()
    await new Promise(resolve => setTimeout(resolve, 1_500))
    stop()
    return createImpostor(crypto, peer)
  },
}
