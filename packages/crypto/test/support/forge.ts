import { ed25519 } from '@noble/curves/ed25519.js'
import { type Device, text } from './people.ts'

/** Reads and writes the few structures of RFC 9420 that a member with a hand-made client would forge. */

const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const uint = (value: number | bigint, bytes: number): Uint8Array => {
  const out = new Uint8Array(bytes)
  for (let at = bytes - 1, rest = BigInt(value); at >= 0; at--, rest >>= 8n) out[at] = Number(rest & 255n)
  return out
}

/** A vector with the length before it (RFC 9420 section 2.1.2). */
function vector(content: Uint8Array): Uint8Array {
  const { length } = content
  if (length < 64) return concat(uint(length, 1), content)
  return length < 16_384
    ? concat(uint(length | 0x4000, 2), content)
    : concat(uint(length + 2 ** 31, 4), content)
}

/** Where the vector that begins at `at` ends. */
function endOfVector(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const width = 1 << (first >> 6)
  let length = first & 0x3f
  for (let index = 1; index < width; index++) length = length * 256 + (bytes[at + index] ?? 0)
  return at + width + length
}

/** The device's private signature key lies in its state: whoever has the device can sign what they like. */
function signatureSeedOf(device: Device): Uint8Array {
  for (const { key, value } of device.store.list()) {
    if (!key.startsWith('s/')) continue
    for (let at = 0; at + 32 <= value.length; at++) {
      const seed = value.slice(at, at + 32)
      if (Buffer.compare(ed25519.getPublicKey(seed), device.signatureKey) === 0) return seed
    }
  }
  throw new Error('no private key in the state')
}

const HEADER_BYTES = 4
const HASH_BYTES = 48
const SIGNATURE_BYTES = 64
const TAG = concat(uint(HASH_BYTES, 1), new Uint8Array(HASH_BYTES))

/** GroupContext as it stands at the beginning of a GroupInfo. */
function groupContextOf(device: Device, groupId: Uint8Array): Uint8Array {
  const info = device.state.exportGroupInfo(groupId).slice(HEADER_BYTES)
  let end = endOfVector(info, 4) + 8
  for (const _ of ['tree hash', 'transcript hash', 'extensions']) end = endOfVector(info, end)
  return info.slice(0, end)
}

/** PublicMessage of a member over a FramedContent, signed like an honest one; the membership tag is made up. */
export function signHandshake(
  device: Device,
  groupId: Uint8Array,
  framedContent: Uint8Array,
  hasConfirmation: boolean,
): Uint8Array {
  const header = concat(uint(1, 2), uint(1, 2))
  const signed = concat(header, framedContent, groupContextOf(device, groupId))
  const labelled = concat(vector(text('MLS 1.0 FramedContentTBS')), vector(signed))
  const signature = vector(ed25519.sign(labelled, signatureSeedOf(device)))
  return concat(header, framedContent, signature, hasConfirmation ? TAG : new Uint8Array(), TAG)
}

/** The FramedContent of a commit of ours, and where its path begins. */
export function openCommit(commit: Uint8Array): { readonly content: Uint8Array; readonly pathAt: number } {
  const tail = 2 + SIGNATURE_BYTES + 2 * TAG.length
  const content = commit.slice(HEADER_BYTES, commit.length - tail)
  const senderAt = endOfVector(content, 0) + 8
  const dataAt = senderAt + 1 + 4
  const typeAt = endOfVector(content, dataAt)
  return { content, pathAt: endOfVector(content, typeAt + 1) }
}

/** The FramedContent of a standalone proposal by a member. */
export function proposalContent(
  groupId: Uint8Array,
  epoch: bigint,
  leafIndex: number,
  proposal: Uint8Array,
): Uint8Array {
  const sender = concat(uint(1, 1), uint(leafIndex, 4))
  return concat(vector(groupId), uint(epoch, 8), sender, vector(new Uint8Array()), uint(2, 1), proposal)
}

export const removeProposal = (leafIndex: number): Uint8Array => concat(uint(3, 2), uint(leafIndex, 4))
export const addProposal = (keyPackage: Uint8Array): Uint8Array =>
  concat(uint(1, 2), keyPackage.slice(HEADER_BYTES))
