import {
  type AccountId,
  fromBase64Url,
  ID_BYTES,
  type InviteId,
  idToBytes,
  readId,
  toBase64Url,
} from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../bytes.ts'

/** What an invite link says to who holds it; browsers send nothing behind the `#` to any server. */
export type InviteLink = {
  readonly inviteId: InviteId
  /** 32 bytes: opens the group's state and enters the commit by which its holder comes in. */
  readonly secret: Uint8Array
  readonly inviter: AccountId
  /** SHA-256 of the inviter's account key: who has the link from them needs to trust no directory for it. */
  readonly accountKeyHash: Uint8Array
}

const VERSION = 1
const SECRET_BYTES = 32
const HASH_BYTES = 32
const SECRET_AT = 1 + ID_BYTES
const INVITER_AT = SECRET_AT + SECRET_BYTES
const HASH_AT = INVITER_AT + ID_BYTES
const LINK_BYTES = HASH_AT + HASH_BYTES

export const hashAccountKey = (accountKey: Uint8Array): Uint8Array => sha256(accountKey)

/** `origin`: where the application is served, without a slash at its end. */
export function createInviteLink(origin: string, link: InviteLink): string {
  const { inviteId, secret, inviter, accountKeyHash } = link
  const bytes = concatBytes(
    Uint8Array.of(VERSION),
    idToBytes(inviteId),
    secret,
    idToBytes(inviter),
    accountKeyHash,
  )
  return `${origin}/join#${toBase64Url(bytes)}`
}

/** The whole address or what stands behind its `#`; undefined for anything that is no link of this version. */
export function parseInviteLink(text: string): InviteLink | undefined {
  const trimmed = text.trim()
  const bytes = fromBase64Url(trimmed.slice(trimmed.indexOf('#') + 1))
  if (bytes?.length !== LINK_BYTES || bytes[0] !== VERSION) return undefined
  return {
    inviteId: readId(bytes, 1),
    secret: bytes.slice(SECRET_AT, INVITER_AT),
    inviter: readId(bytes, INVITER_AT),
    accountKeyHash: bytes.slice(HASH_AT),
  }
}
