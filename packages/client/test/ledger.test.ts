import { createSealer, randomBytes } from '@entangle/crypto'
import { type ConversationId, idToBytes, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import { createLedger } from '../src/store/ledger.ts'
import { createSealedStore } from '../src/store/sealed-store.ts'

async function newLedger() {
  const crypto = await loadNodeCrypto()
  const store = createMemoryKeyValueStore()
  const records = createSealedStore(store, createSealer(randomBytes(32)), '', await store.acquireFence())
  const mls = crypto.openDeviceState()
  const ledger = createLedger({ records, mls, broken: error => expect.unreachable(error.message) })
  const groupId = randomBytes(16)
  const conversationId: ConversationId = readId(groupId)
  await ledger.transact(({ mls: state }) => {
    const signatureKey = state.createSignatureKey()
    state.createGroup({ groupId, signatureKey, credential: randomBytes(65), groupData: new Uint8Array() })
  })
  return { crypto, records, ledger, conversationId }
}

test('P61 what a failed transaction had taken over from another state is not in memory afterwards', async () => {
  const { crypto, records, ledger, conversationId } = await newLedger()
  const groupId = idToBytes(conversationId)
  const stored = await records.scan({ from: 'mls/', to: 'mls/\u007f' })
  const other = crypto.openDeviceState(
    stored.map(({ key, value }) => ({ key: key.slice('mls/'.length), value })),
  )
  other.commit(groupId, {})
  other.mergePendingCommit(groupId)
  const refused = ledger.transact(({ adopt }) => {
    adopt(other.takeChanges())
    throw new Error('overtaken')
  })
  await expect(refused).rejects.toThrow('overtaken')
  const epoch = await ledger.transact(async ({ mls, openGroup }) => {
    await openGroup(conversationId)
    return mls.groupStatus(groupId)?.epoch
  })
  expect(epoch).toBe(0n)
})

test('P76 a group that was taken over takes the place of the one that was known before', async () => {
  const { crypto, records, ledger, conversationId } = await newLedger()
  const groupId = idToBytes(conversationId)
  const stale = await records.scan({ from: 'mls/', to: 'mls/\u007f' })
  const other = crypto.openDeviceState()
  const signatureKey = other.createSignatureKey()
  other.createGroup({ groupId, signatureKey, credential: randomBytes(65), groupData: new Uint8Array() })
  other.commit(groupId, {})
  other.mergePendingCommit(groupId)
  const epoch = await ledger.transact(async ({ adopt, mls, openGroup }) => {
    await openGroup(conversationId)
    adopt(other.takeChanges())
    return mls.groupStatus(groupId)?.epoch
  })
  expect(epoch).toBe(1n)
  const kept = await records.scan({ from: `mls/g/${conversationId}/`, to: `mls/g/${conversationId}/\u007f` })
  const reopened = crypto.openDeviceState(
    kept.map(({ key, value }) => ({ key: key.slice('mls/'.length), value })),
  )
  expect(reopened.groupStatus(groupId)?.epoch).toBe(1n)
  expect(kept.length).toBeLessThanOrEqual(other.takeChanges().length)
  expect(stale.length).toBeGreaterThan(0)
})
