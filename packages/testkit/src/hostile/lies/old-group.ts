import { randomBytes } from '@entangle/crypto'
import { type LogEvent, readId } from '@entangle/protocol'
import { attackerWithAll } from '../attacker.ts'
import { insertedAt, nextPlace, rewrittenLog } from '../rewritten-log.ts'
import type { Lie } from '../scene.ts'

export const oldGroup: Lie = {
  name: 'breaks the group here, and serves for coming back the GroupInfo of when a removed device was in it',
  rule: 'P59',
  shows: {
    sending: 'stopped',
    doubt: 'record-contradicted',
    note: 'RECORD_CONTRADICTED SHORTENED',
  },
  async tell(scene) {
    const { conversationId, double, peer } = scene
    await scene.peerAddsDevice()
    const old = await double.ask('readGroupInfo', { conversationId })
    const thief = await scene.peerLosesDevice()
    const { epoch } = await double.ask('readGroupInfo', { conversationId })
    const broken: LogEvent = {
      kind: 'commit',
      seq: await nextPlace(double, conversationId),
      epoch,
      messageId: readId(randomBytes(16)),
      senderDevice: peer.deviceId,
      serverTime: Date.now(),
      body: randomBytes(256),
    }
    double.lie(rewrittenLog(double, conversationId, insertedAt([broken])))
    double.lie({
      answers: {
        readGroupInfo: () => old,
        submitCommit: request => ({
          seq: old.lastSeq + 1,
          epoch: request.epoch + 1,
          serverTime: Date.now(),
        }),
      },
    })
    double.tell({ kind: 'deliver', frame: { ...broken, conversationId } })
    return attackerWithAll([thief.state, thief.fresh])
  },
}
