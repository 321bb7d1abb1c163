import { type DeviceState, type MemberLeaf, padToBucket, randomBytes, unpad } from '@entangle/crypto'
import { bytesSchema, type DeviceId, decodeCbor, encodeCbor } from '@entangle/protocol'
import { z } from 'zod'
import type { Self } from '../account/room.ts'
import { equalBytes } from '../bytes.ts'
import { memberOf } from '../identity/leaf-check.ts'

/**
 * A letter is a group of two devices of one account that lives for one message: what is new in it is only whom it
 * is for. So it is sealed to the recipient's key package like any Welcome, hybrid key exchange included.
 */
const GROUP_DATA = encodeCbor({ v: 1, kind: 'letter' })
const NONE = new Uint8Array()

const anyBytes = bytesSchema({ atMost: 64 * 1024 })
const letterSchema = z.object({
  v: z.literal(1),
  welcome: anyBytes,
  ratchetTree: anyBytes,
  message: anyBytes,
})

/** What letters say. One that a newer version writes is settled unread. */
const contentSchema = z.object({ v: z.literal(1), kind: z.literal('archive-keys'), statement: anyBytes })
export type LetterContent = z.output<typeof contentSchema>

/** A letter that must not be followed. */
export class LetterRefused extends Error {
  override readonly name = 'LetterRefused'
}

/** Sealed for the device of this key package alone. `scratch`: nothing of it is kept. */
export function writeLetter(
  scratch: DeviceState,
  { signatureKey, credential }: Self,
  keyPackage: Uint8Array,
  content: LetterContent,
): Uint8Array {
  const groupId = randomBytes(16)
  scratch.createGroup({ groupId, signatureKey, credential, groupData: GROUP_DATA })
  const { welcomes, ratchetTree } = scratch.commit(groupId, { add: [keyPackage] })
  scratch.mergePendingCommit(groupId)
  const message = scratch.encrypt(groupId, padToBucket(encodeCbor(content)), NONE)
  return encodeCbor({ v: 1, welcome: welcomes[0]?.welcome ?? NONE, ratchetTree, message })
}

/**
 * Opens a letter in this device's state and forgets its group again: with the same write the key package is used up.
 * `assertListed` throws for a leaf that is no device of the account's newest list. Throws LetterRefused, CryptoError.
 */
export function openLetter(
  mls: DeviceState,
  self: Self,
  letter: Uint8Array,
  assertListed: (leaf: MemberLeaf) => void,
): LetterContent {
  const { welcome, ratchetTree, message } = parseWith(letterSchema, letter)
  const staged = mls.stageWelcome(welcome, ratchetTree)
  for (const leaf of staged.members) {
    if (memberOf(leaf).accountId !== self.accountId) throw new LetterRefused('of another account')
    assertListed(leaf)
  }
  const devices = new Set<DeviceId>(staged.members.map(leaf => memberOf(leaf).deviceId))
  const isLetter =
    staged.groupData !== null &&
    equalBytes(staged.groupData, GROUP_DATA) &&
    devices.size === 2 &&
    devices.has(self.deviceId)
  if (!isLetter) throw new LetterRefused('no letter')
  mls.acceptWelcome()
  const processed = mls.processMessage(staged.groupId, message)
  if (processed.kind !== 'application') throw new LetterRefused(processed.kind)
  mls.deleteGroup(staged.groupId)
  return parseWith(contentSchema, unpad(processed.plaintext))
}

function parseWith<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> {
  try {
    return schema.parse(decodeCbor(bytes))
  } catch (cause) {
    throw new LetterRefused('unreadable', { cause })
  }
}
