import { type CommitRequest, type DeviceState, randomBytes } from '@entangle/crypto'
import { type DeviceId, idToBytes, type LogEvent, readId } from '@entangle/protocol'
import type { Distortion } from './hostile-server.ts'
import { nextPlace } from './rewritten-log.ts'
import type { Scene } from './scene.ts'

type Member = {
  readonly state: DeviceState
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
}

/**
 * Makes a device a member by an external commit on today's group. Answers with the commit as an event of the log, and
 * with a server that took it: from here on its log and its group are told with the commit in them.
 */
export async function enterAsGhost(
  { double, conversationId }: Scene,
  ghost: Member,
  preSharedKeyId?: Uint8Array,
) {
  const group = await double.ask('readGroupInfo', { conversationId })
  const { signatureKey, credential } = ghost
  const { groupInfo, ratchetTree } = group
  const bundle = ghost.state.joinByExternalCommit({
    signatureKey,
    credential,
    groupInfo,
    ratchetTree,
    ...(preSharedKeyId === undefined ? {} : { preSharedKeyId }),
  })
  const event: LogEvent = {
    kind: 'commit',
    seq: group.lastSeq + 1,
    epoch: group.epoch,
    messageId: readId(randomBytes(16)),
    senderDevice: ghost.deviceId,
    serverTime: Date.now(),
    body: bundle.commit,
  }
  const tookIt: Distortion = {
    answers: {
      readEvents: async (request, truth) => {
        if (request.conversationId !== conversationId) return truth()
        const real = await truth()
        const events = [...real.events, event].filter(({ seq }) => seq > request.after)
        return { ...real, events, lastSeq: event.seq }
      },
      readGroupInfo: async (request, truth) => {
        if (request.conversationId !== conversationId) return truth()
        const { groupInfo: info, ratchetTree: tree } = bundle
        return { epoch: group.epoch + 1, lastSeq: event.seq, groupInfo: info, ratchetTree: tree }
      },
    },
  }
  return { event, tookIt }
}

/** A commit of a member as an event of the log, in the epoch that the member is in. */
export async function commitOf(
  { double, conversationId }: Scene,
  { state, deviceId }: Pick<Member, 'state' | 'deviceId'>,
  request: CommitRequest,
) {
  const groupId = idToBytes(conversationId)
  const epoch = Number(state.groupStatus(groupId)?.epoch ?? 0)
  const bundle = state.commit(groupId, request)
  state.mergePendingCommit(groupId)
  const event: LogEvent = {
    kind: 'commit',
    seq: await nextPlace(double, conversationId),
    epoch,
    messageId: readId(randomBytes(16)),
    senderDevice: deviceId,
    serverTime: Date.now(),
    body: bundle.commit,
  }
  return { ...bundle, event }
}

/** A group of the attacker's own under the same id, brought to the same epoch. Answers with that. */
export async function foundSameGroup(
  { double, conversationId }: Scene,
  { state, signatureKey, credential }: Member,
): Promise<number> {
  const groupId = idToBytes(conversationId)
  const { epoch } = await double.ask('readGroupInfo', { conversationId })
  state.createGroup({ groupId, signatureKey, credential, groupData: new Uint8Array([1]) })
  for (let reached = 0; reached < epoch; reached++) {
    state.commit(groupId, {})
    state.mergePendingCommit(groupId)
  }
  return epoch
}
