import {
  type AccountId,
  type CommitBreach,
  type ErrorCode,
  findCommitBreach,
  type InviteId,
  leaverKept,
  ProtocolError,
} from '@entangle/protocol'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import { accountsOf, isListed } from './member-check.ts'
import type { VerifiedCommit } from './public-groups.ts'

/** What MLS allows and Entangle does not: beside the rules of groups, that everybody commits for themselves. */

const CODES: Readonly<Record<Exclude<CommitBreach, 'NOT_INVITED' | 'LEAVER_KEPT'>, ErrorCode>> = {
  KIND_CHANGED: 'CHAT_COMMIT_INVALID',
  BRINGS_OTHERS: 'CHAT_COMMIT_INVALID',
  ROLE_REQUIRED: 'CHAT_ROLE_REQUIRED',
  GROUP_FULL: 'CHAT_GROUP_FULL',
}

type Claims = {
  readonly session: DeviceSession
  /** The epoch the conversation is at. */
  readonly epoch: number
  /** The link by which the caller says to come in. */
  readonly invite: InviteId | undefined
  readonly leaving: ReadonlySet<AccountId>
}

/**
 * Throws CHAT_COMMIT_INVALID, CHAT_ROLE_REQUIRED, CHAT_LEAVER_KEPT, CHAT_INVITE_INVALID, CHAT_GROUP_FULL.
 */
export async function assertCommitAllowed(
  directory: KeyDirectory,
  commit: VerifiedCommit,
  { session, epoch, invite, leaving }: Claims,
): Promise<void> {
  const { sender, removed, usedInvites } = commit
  const isOwn = sender.deviceId === session.deviceId && sender.accountId === session.accountId
  if (!isOwn || commit.newEpoch !== epoch + 1) throw new ProtocolError('CHAT_COMMIT_INVALID')
  const notInvited = invite === undefined ? 'CHAT_COMMIT_INVALID' : 'CHAT_INVITE_INVALID'
  if (invite !== undefined && !usedInvites.includes(invite)) throw new ProtocolError(notInvited)
  const listed = await directory.findDevices(removed.map(member => member.deviceId))
  const breach = findCommitBreach({
    before: commit.dataBefore,
    after: commit.dataAfter,
    membersBefore: new Set(accountsOf(commit.membersBefore)),
    membersAfter: new Set(accountsOf(commit.members)),
    committer: sender,
    external: commit.external,
    usedInvites,
    added: commit.added,
    removed,
    leaving,
    isListed: member => isListed(listed.get(member.deviceId), member.accountId),
  })
  if (breach === undefined) return
  if (breach === 'LEAVER_KEPT') throw leaverKept(leaving)
  throw new ProtocolError(breach === 'NOT_INVITED' ? notInvited : CODES[breach])
}
