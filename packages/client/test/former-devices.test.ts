import { encodeCredential } from '@entangle/crypto'
import { type AccountId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { ActiveConversation } from '../src/chats/chat-record.ts'
import { withPutOut } from '../src/conversations/former-devices.ts'

const accountId = readId<AccountId>(new Uint8Array(16).fill(1))
const deviceIdBytes = new Uint8Array(16).fill(2)
const leaf = {
  credential: encodeCredential({
    accountId: new Uint8Array(16).fill(1),
    deviceId: deviceIdBytes,
    certificateHash: new Uint8Array(32),
  }),
}
/** The newest list of the account names nobody. */
const known = {
  self: { deviceId: readId(new Uint8Array(16).fill(9)) },
  contacts: { isGone: () => false, get: () => ({ list: { entries: [] } }) },
}

const putOutAfter = (leavers: readonly AccountId[]) =>
  withPutOut({} as ActiveConversation, [leaf], { ...known, leavers: new Set(leavers) } as never).putOut

test('P33 a device that is put out because its list has lost it is remembered', () => {
  expect(putOutAfter([])).toEqual([readId(deviceIdBytes)])
})

test('P33 one that goes because its account leaves is not: the account may be taken in again with it', () => {
  expect(putOutAfter([accountId])).toBeUndefined()
})
