import type { GroupMember } from '@entangle/client'
import { mayRemove, type Role } from '@entangle/protocol/roles'

export type RoleChange = { readonly role: Role; readonly label: string }

/** What an owner may make of somebody: the others may make nothing. */
export function roleChanges(own: Role, target: Role): readonly RoleChange[] {
  if (own !== 'owner') return []
  switch (target) {
    case 'member':
      return [
        { role: 'admin', label: 'Make admin' },
        { role: 'owner', label: 'Make owner' },
      ]
    case 'admin':
      return [
        { role: 'owner', label: 'Make owner' },
        { role: 'member', label: 'Take the admin role back' },
      ]
    case 'owner':
      return [
        { role: 'admin', label: 'Make admin' },
        { role: 'member', label: 'Take the owner role back' },
      ]
  }
}

export function canRemove(own: Role, member: Pick<GroupMember, 'role' | 'self'>): boolean {
  return !member.self && mayRemove(own, member.role)
}
