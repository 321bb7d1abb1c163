import { ProtocolError } from '../errors.ts'
import { type AccountId, accountIdSchema } from '../ids.ts'

/** One answer names no more; the next names the others. */
const MOST_NAMED = 64

/** The refusal of a commit that keeps somebody in who has left. It says whom: who came in since cannot know. */
export const leaverKept = (leaving: Iterable<AccountId>): ProtocolError =>
  new ProtocolError('CHAT_LEAVER_KEPT', { leaving: [...leaving].slice(0, MOST_NAMED).join(' ') })

/** Whom such a refusal names; nobody where it is another one, or says nothing that can be read. */
export function namedLeavers(error: unknown): AccountId[] {
  if (!(error instanceof ProtocolError) || error.code !== 'CHAT_LEAVER_KEPT') return []
  const { leaving = '' } = error.details
  return String(leaving)
    .split(' ')
    .slice(0, MOST_NAMED)
    .flatMap(id => accountIdSchema.safeParse(id).data ?? [])
}
