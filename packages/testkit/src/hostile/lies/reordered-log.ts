import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const reorderedLog: Lie = {
  name: 'exchanges the places of two messages, in push and log alike',
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED OTHER_TRANSCRIPT',
    rows: ['second', 'first', 'third'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    const place = await nextPlace(double, conversationId)
    const exchanged = new Map([
      [place, place + 1],
      [place + 1, place],
    ])
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => [{ ...event, seq: exchanged.get(event.seq) ?? event.seq }],
      }),
    )
    for (const text of ['first', 'second', 'third']) await peerSays(text)
    return createImpostor(crypto, peer)
  },
}
