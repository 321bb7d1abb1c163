import { type AccountId, isManager } from '@entangle/protocol'
import { between } from '../account/timing.ts'
import type { Draft, Room } from '../conversations/draft.ts'
import { type GroupRecord, roleIn } from './group-record.ts'

/**
 * Who comes back into a group by itself has only the server's word for what the group is today, and could be let into
 * one that the server has made. Those who were known before do not follow such a group: until one of them has vouched
 * for it, by having signed what was entered by or by being heard in it, nothing is sent.
 */
export function vouchersFor(
  { members: known }: Pick<GroupRecord, 'members'>,
  self: AccountId,
  signer: AccountId,
): readonly AccountId[] {
  const wasAlone = known.every(accountId => accountId === self)
  return wasAlone || known.includes(signer) ? [] : known
}

export const isUnvouched = ({ vouchers = [] }: Pick<GroupRecord, 'vouchers'>): boolean => vouchers.length > 0

/** Somebody was heard in the group as this device has it. */
export function vouch(draft: Draft, accountId: AccountId): void {
  const { chat } = draft
  if (chat.kind !== 'group' || !chat.group.vouchers?.includes(accountId)) return
  draft.chat = { ...chat, group: { ...chat.group, vouchers: [] } }
}

/** Beside the managers: so many that one of them is there, and not so many that they disturb. */
const FIRST_FEW = 4

/**
 * A device has come in by itself, and may wait for somebody's word: a commit is one. `isReturn`: its former leaf went
 * with it. One whose account had been out meanwhile looks like a new device, but not to its own account's devices and
 * to those who remember that.
 */
export function vouchSoon({ context }: Room, draft: Draft, arrived: AccountId, isReturn: boolean): void {
  const { chat, conversation } = draft
  const { clock, self, timing } = context
  if (chat.kind !== 'group') return
  const place = chat.group.members.indexOf(self.accountId)
  const isAmongFirst = isManager(roleIn(chat.group, self.accountId)) || place < FIRST_FEW
  const isBack = isReturn || chat.group.departed?.includes(arrived) === true
  if (arrived !== self.accountId && !(isBack && isAmongFirst)) return
  const dueAt = clock.now() + between(timing.leaverSweep, clock.random())
  const updateDueAt = Math.min(conversation.updateDueAt ?? dueAt, dueAt)
  draft.conversation = { ...conversation, updateDueAt }
}
