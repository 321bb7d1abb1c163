import type { GroupMember, GroupSummary } from '@entangle/client'
import type { Role } from '@entangle/protocol'
import { joinNames, memberCount, personName, shortName } from '../text/names.ts'

type Phase = GroupSummary['group']['phase']

/** Said in the header in place of the members while the group is not simply there. */
const PHASE_WORDS: Readonly<Record<Phase, string | null>> = {
  creating: null,
  joining: 'Joining…',
  checking: 'Checking the members…',
  active: null,
  repairing: 'Repairing…',
  left: 'You left this group',
  removed: 'You were removed from this group',
}

export function phaseWords(phase: Phase): string | null {
  return PHASE_WORDS[phase]
}

/** True once this account is not a member any more. */
export function isOver(phase: Phase): boolean {
  return phase === 'left' || phase === 'removed'
}

/** Names where they fit on a line, else how many. `members` is null until they were read. */
export function membersLine(count: number, members: readonly GroupMember[] | null): string {
  if (members === null || members.length === 0 || members.length > 8) return memberCount(count)
  const others = members.filter(member => !member.self).map(member => shortName(member.account))
  return others.length === 0 ? 'Only you' : joinNames([...others, 'you'], 9)
}

export const ROLE_WORDS: Readonly<Record<Role, string | null>> = {
  owner: 'Owner',
  admin: 'Admin',
  member: null,
}

/** Who runs the group once this member has left it; null while another owner stays. */
export function heirs(members: readonly GroupMember[]): string | null {
  const others = members.filter(member => !member.self)
  const own = members.find(member => member.self)
  if (own?.role !== 'owner' || others.some(member => member.role === 'owner')) return null
  if (others.length === 0) return 'You are the last one here: the group ends with you.'
  const admins = others.filter(member => member.role === 'admin').map(member => personName(member.account))
  if (admins.length > 0) return `You are the only owner: ${joinNames(admins)} will run the group.`
  return 'You are the only owner and there is no admin: all who stay can then run the group.'
}

/** Members whose name or handle holds the text, in the order they stand. */
export function matchingMembers(members: readonly GroupMember[], text: string): readonly GroupMember[] {
  const wanted = text.trim().replace(/^@/, '').toLowerCase()
  if (wanted === '') return members
  return members.filter(
    ({ account }) => account.handle.includes(wanted) || account.displayName.toLowerCase().includes(wanted),
  )
}
