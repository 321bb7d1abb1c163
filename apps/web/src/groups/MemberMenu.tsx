import type { GroupMember, GroupSummary } from '@entangle/client'
import { Crown, MessageCircle, ShieldCheck, UserRound, UserRoundX } from 'lucide-react'
import { useLocation } from 'wouter'
import { useEngine } from '../state/app-context.ts'
import { MenuItem } from '../ui/Menu.tsx'
import { canRemove, roleChanges } from './member-actions.ts'
import type { AskAboutMember } from './member-dialogs.tsx'

type Props = {
  readonly chat: GroupSummary
  readonly member: GroupMember
  readonly manages: boolean
  readonly ask: AskAboutMember
}

const ICON = 17

export function MemberMenu({ chat, member, manages, ask }: Props) {
  const engine = useEngine()
  const [, navigate] = useLocation()
  const { accountId } = member.account
  const own = chat.group.role

  const write = () =>
    void engine.request('openDirectChat', { accountId }).then(
      id => navigate(`/chat/${id}`),
      error => ask({ kind: 'problem', error }),
    )
  return (
    <>
      <MenuItem icon={<MessageCircle size={ICON} />} onChoose={write}>
        Write directly
      </MenuItem>
      <MenuItem icon={<ShieldCheck size={ICON} />} onChoose={() => ask({ kind: 'number', member })}>
        Safety number
      </MenuItem>
      {manages &&
        roleChanges(own, member.role).map(({ role, label }) => (
          <MenuItem
            key={role}
            icon={role === 'member' ? <UserRound size={ICON} /> : <Crown size={ICON} />}
            onChoose={() => ask({ kind: 'role', member, role })}
          >
            {label}
          </MenuItem>
        ))}
      {manages && canRemove(own, member) && (
        <MenuItem icon={<UserRoundX size={ICON} />} danger onChoose={() => ask({ kind: 'remove', member })}>
          Remove from the group
        </MenuItem>
      )}
    </>
  )
}
