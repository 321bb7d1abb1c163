import { CryptoError } from '../errors.ts'
import { sameDevice } from '../identity/credential.ts'
import type { CommitSummary, MessageFailure } from './types.ts'

/** Refusals that say something about the message, as against a state or a caller that is wrong. */
export function failureOf(thrown: unknown): MessageFailure {
  if (!(thrown instanceof CryptoError) || thrown.code === 'CRYPTO_INSTANCE_LOST') throw thrown
  if (thrown.code === 'CRYPTO_GROUP_UNKNOWN' || thrown.code === 'CRYPTO_INVALID_ARGUMENT') throw thrown
  return { kind: 'failure', code: thrown.code, detail: thrown.message }
}

/** An external commit may remove one leaf, and only one of the committer's own device. */
export function removesForeignDevice(commit: CommitSummary): boolean {
  return (
    commit.external && !commit.removed.every(leaf => sameDevice(leaf.credential, commit.sender.credential))
  )
}

/** What {@link removesForeignDevice} answers with. */
export const FOREIGN_REMOVAL: MessageFailure = {
  kind: 'failure',
  code: 'CRYPTO_COMMIT_INVALID',
  detail: 'an external commit removes another device',
}
