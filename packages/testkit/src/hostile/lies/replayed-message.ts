import { createImpostor } from '../attacker.ts'
import { insertedAt, nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const replayedMessage: Lie = {
  name: 'puts a message into the log a second time',
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED REPLAYED',
    rows: ['hello back', 'once', 'next'],
  },
  async tell({ crypto, conversationId, double, peer, peerSays }) {
    await peerSays('once')
    const place = await nextPlace(double, conversationId)
    const { events } = await double.ask('readEvents', { conversationId, after: place - 2 })
    const again = events.slice(0, 1).map(event => ({ ...event, seq: place }))
    double.lie(rewrittenLog(double, conversationId, insertedAt(again)))
    await peerSays('next')
    return createImpostor(crypto, peer)
  },
}
