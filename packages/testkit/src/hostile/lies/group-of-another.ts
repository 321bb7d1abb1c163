import { randomBytes } from '@entangle/crypto'
import { encodeGroupData } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import type { GroupLie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const groupOfAnother: GroupLie = {
  name: 'breaks a group here, and serves the GroupInfo of another for coming back',
  rule: 'P59',
  shows: { sending: 'stopped', phase: 'repairing', note: 'CHAT_STEP_FAILED CryptoError: CRYPTO_WRONG_GROUP' },
  async tell({ crypto, conversationId, double, outsider, peer }) {
    const other = createImpostor(crypto, outsider)
    const { state, signatureKey, credential } = other
    const groupId = randomBytes(16)
    const groupData = encodeGroupData({
      kind: 'group',
      owners: new Set([outsider.accountId]),
      admins: new Set(),
      invites: new Set(),
    })
    state.createGroup({ groupId, signatureKey, credential, groupData })
    const { epoch, lastSeq } = await double.ask('readGroupInfo', { conversationId })
    const groupInfo = state.exportGroupInfo(groupId)
    const ratchetTree = state.exportRatchetTree(groupId)
    double.lie(toldIdentity(outsider.accountId, other.identity))
    double.lie({
      answers: {
        readGroupInfo: () => ({ epoch: epoch + 1, lastSeq: lastSeq + 1, groupInfo, ratchetTree }),
        submitCommit: request => ({
          seq: lastSeq + 2,
          epoch: request.epoch + 1,
          serverTime: Date.now(),
        }),
      },
    })
    double.tell({
      kind: 'deliver',
      frame: {
        kind: 'commit',
        conversationId,
        seq: lastSeq + 1,
        epoch,
        messageId: Buffer.from(randomBytes(16)).toString('hex') as never,
        senderDevice: peer.deviceId,
        serverTime: Date.now(),
        body: randomBytes(256),
      },
    })
    return other
  },
}
