import { createImpostor } from '../attacker.ts'
import { nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const messageCalledOwn: Lie = {
  name: "tells a message of the peer's as one of the victim's own device",
  rule: 'P59',
  shows: {
    sending: 'goes-on',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED UNKNOWN_OWN',
    rows: ['hello back', 'next'],
  },
  async tell({ crypto, conversationId, double, peer, victim, peerSays }) {
    const place = await nextPlace(double, conversationId)
    const { deviceId: senderDevice } = victim
    double.lie(
      rewrittenLog(double, conversationId, {
        event: event => [event.seq === place ? { ...event, senderDevice } : event],
      }),
    )
    await peerSays('not mine')
    await peerSays('next')
    return createImpostor(crypto, peer)
  },
}
