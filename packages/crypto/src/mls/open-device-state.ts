import { DeviceCore, welcomeRefs } from '../../wasm/entangle_crypto.js'
import { assertLength, hexToBytes } from '../bytes.ts'
import { guarded, Handle } from './core.ts'
import type { DeviceState } from './device-state.ts'
import { FOREIGN_REMOVAL, failureOf, removesForeignDevice } from './process.ts'
import type {
  CommitBundle,
  GeneratedKeyPackage,
  GroupStatus,
  MemberLeaf,
  ProcessedMessage,
  StagedWelcome,
  StateChange,
  StateEntry,
} from './types.ts'

const GROUP_ID_BYTES = 16
const SIGNATURE_KEY_BYTES = 32

/** Opens the WebAssembly side of a {@link DeviceState}. The glue returns `any`; every result gets its type here. */
export function openDeviceState(entries: Iterable<StateEntry> = []): DeviceState {
  const handle = new Handle(() => new DeviceCore())

  /** Calls with a group id of the right length only. */
  const inGroup = <T>(groupId: Uint8Array, call: (core: DeviceCore) => T): T => {
    assertLength(groupId, GROUP_ID_BYTES, 'group id')
    return handle.use(call)
  }

  const state: DeviceState = {
    loadEntries(loaded) {
      const keys: string[] = []
      const values: Uint8Array[] = []
      for (const entry of loaded) {
        keys.push(entry.key)
        values.push(entry.value)
      }
      handle.use(core => core.load(keys, values))
    },
    unloadGroup: groupId => inGroup(groupId, core => core.unload(groupId)),
    takeChanges: () => handle.use((core): StateChange[] => core.takeChanges()),
    accept: () => handle.use(core => core.accept()),
    discard: () => handle.use(core => core.discard()),
    close: () => handle.close(),

    createSignatureKey: () => handle.use(core => core.createSignatureKey()),
    deleteSignatureKey: signatureKey => handle.use(core => core.deleteSignatureKey(signatureKey)),
    signWithDeviceKey: (signatureKey, label, message) =>
      handle.use(core => core.signWithDeviceKey(signatureKey, label, message)),

    createKeyPackages({ signatureKey, credential, count, lastResort }) {
      const create = (core: DeviceCore): GeneratedKeyPackage =>
        core.createKeyPackage(signatureKey, credential, lastResort)
      return Array.from({ length: count }, () => handle.use(create))
    },
    deleteKeyPackage: ref => handle.use(core => core.deleteKeyPackage(ref)),
    listKeyPackageRefs: () =>
      handle.use(core => core.keyPackageKeys()).map(key => hexToBytes(key.slice('k/'.length))),

    createGroup({ groupId, signatureKey, credential, groupData }) {
      assertLength(signatureKey, SIGNATURE_KEY_BYTES, 'signature key')
      return inGroup(
        groupId,
        (core): GroupStatus => core.createGroup(groupId, signatureKey, credential, groupData),
      )
    },
    groupStatus: groupId => inGroup(groupId, (core): GroupStatus | null => core.status(groupId)),
    groupMembers: groupId => inGroup(groupId, (core): MemberLeaf[] => core.members(groupId)),
    exportSecret: (groupId, label, context, lengthBytes) =>
      inGroup(groupId, core => core.exportSecret(groupId, label, context, lengthBytes)),
    exportPendingSecret: (groupId, label, context, lengthBytes) =>
      inGroup(groupId, core => core.exportPendingSecret(groupId, label, context, lengthBytes)),
    exportGroupInfo: groupId => inGroup(groupId, core => core.exportGroupInfo(groupId)),
    exportRatchetTree: groupId => inGroup(groupId, core => core.exportTree(groupId)),
    deleteGroup: groupId => inGroup(groupId, core => core.deleteGroup(groupId)),
    deletePastEpochs: (groupId, endedBeforeMs) =>
      inGroup(groupId, core => core.deletePastEpochs(groupId, endedBeforeMs)),

    commit: (groupId, { add = [], remove = [], proposals = [], groupData }) =>
      inGroup(
        groupId,
        (core): CommitBundle =>
          core.commit(groupId, [...add], Uint32Array.from(remove), [...proposals], groupData),
      ),
    mergePendingCommit: groupId => inGroup(groupId, (core): GroupStatus => core.mergePending(groupId)),
    clearPendingCommit: groupId => inGroup(groupId, core => core.clearPending(groupId)),
    proposeSelfRemove: groupId => inGroup(groupId, core => core.proposeSelfRemove(groupId)),

    encrypt: (groupId, plaintext, authenticatedData) =>
      inGroup(groupId, core => core.encrypt(groupId, plaintext, authenticatedData)),
    processMessage(groupId, message, proposals = [], acceptedAtMs) {
      try {
        const processed = inGroup(
          groupId,
          (core): ProcessedMessage => core.process(groupId, message, [...proposals], acceptedAtMs),
        )
        if (processed.kind !== 'commit' || !removesForeignDevice(processed)) return processed
        state.discardStagedCommit(groupId)
        return FOREIGN_REMOVAL
      } catch (thrown) {
        return failureOf(thrown)
      }
    },
    mergeStagedCommit: groupId => inGroup(groupId, (core): GroupStatus => core.mergeStaged(groupId)),
    discardStagedCommit: groupId => inGroup(groupId, core => core.discardStaged(groupId)),

    storePreSharedKey: (id, secret) => handle.use(core => core.storePsk(id, secret)),
    deletePreSharedKey: id => handle.use(core => core.deletePsk(id)),

    welcomeKeyPackageRefs: welcome => guarded(() => welcomeRefs(welcome)),
    stageWelcome: (welcome, ratchetTree) =>
      handle.use((core): StagedWelcome => core.stageWelcome(welcome, ratchetTree)),
    acceptWelcome: () => handle.use((core): GroupStatus => core.acceptWelcome()),
    joinByExternalCommit: ({ signatureKey, credential, groupInfo, ratchetTree, preSharedKeyId }) =>
      handle.use(
        (core): CommitBundle =>
          core.joinExternally(signatureKey, credential, groupInfo, ratchetTree, preSharedKeyId),
      ),
  }
  state.loadEntries(entries)
  return state
}
