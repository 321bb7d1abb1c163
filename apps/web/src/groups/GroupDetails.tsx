import type { GroupSummary } from '@entangle/client'
import { isManager } from '@entangle/protocol/roles'
import { useState } from 'react'
import { AllMembers } from './AllMembers.tsx'
import { GroupHead } from './GroupHead.tsx'
import { isOver } from './group-text.ts'
import { InviteSection } from './InviteSection.tsx'
import { LeaveSection } from './LeaveSection.tsx'
import { MembersSection } from './MembersSection.tsx'
import { useMembers } from './use-members.ts'

export function GroupDetails({ chat }: { readonly chat: GroupSummary }) {
  const members = useMembers(chat)
  const [everybody, setEverybody] = useState(false)
  const { phase, role } = chat.group
  const over = isOver(phase)
  const manages = isManager(role) && !over && phase !== 'joining' && chat.standing !== 'request'

  if (everybody) {
    return <AllMembers chat={chat} members={members} manages={manages} onBack={() => setEverybody(false)} />
  }
  return (
    <>
      <GroupHead chat={chat} manages={manages} />
      {!over && (
        <MembersSection
          chat={chat}
          members={members}
          manages={manages}
          onShowAll={() => setEverybody(true)}
        />
      )}
      {manages && <InviteSection chat={chat} />}
      <LeaveSection chat={chat} members={members.members} />
    </>
  )
}
