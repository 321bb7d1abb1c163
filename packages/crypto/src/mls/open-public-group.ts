import { PublicCore } from '../../wasm/entangle_crypto.js'
import { assertLength } from '../bytes.ts'
import { Handle } from './core.ts'
import { FOREIGN_REMOVAL, failureOf, removesForeignDevice } from './process.ts'
import type { PublicGroup, PublicGroupSource, PublicProcessed } from './public-group.ts'
import type { MemberLeaf, StateChange } from './types.ts'

interface PublicStatus {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly groupData: Uint8Array | null
}

function wrap(handle: Handle<PublicCore>): PublicGroup {
  const status = (): PublicStatus => handle.use((core): PublicStatus => core.status())
  const group: PublicGroup = {
    get groupId() {
      return status().groupId
    },
    get epoch() {
      return status().epoch
    },
    get groupData() {
      return status().groupData
    },
    members: () => handle.use((core): MemberLeaf[] => core.members()),
    exportRatchetTree: () => handle.use(core => core.exportTree()),
    processHandshake(message, proposals = []) {
      try {
        const processed = handle.use((core): PublicProcessed => core.process(message, [...proposals]))
        if (processed.kind !== 'commit' || !removesForeignDevice(processed)) return processed
        group.discardStagedCommit()
        return FOREIGN_REMOVAL
      } catch (thrown) {
        return failureOf(thrown)
      }
    },
    verifyGroupInfo: (groupInfo, signerLeafIndex) =>
      handle.use(core => core.verifyGroupInfo(groupInfo, signerLeafIndex)),
    mergeStagedCommit: () => handle.use(core => core.mergeStaged()),
    discardStagedCommit: () => handle.use(core => core.discardStaged()),
    takeChanges: () => handle.use((core): StateChange[] => core.takeChanges()),
    accept: () => handle.use(core => core.accept()),
    discard: () => handle.use(core => core.discard()),
    close: () => handle.close(),
  }
  return group
}

export const publicGroupSource: PublicGroupSource = {
  createPublicGroup: (groupInfo, ratchetTree) =>
    wrap(new Handle(() => PublicCore.create(groupInfo, ratchetTree))),
  openPublicGroup(groupId, entries) {
    assertLength(groupId, 16, 'group id')
    const list = [...entries]
    return wrap(
      new Handle(() =>
        PublicCore.open(
          groupId,
          list.map(entry => entry.key),
          list.map(entry => entry.value),
        ),
      ),
    )
  },
}
