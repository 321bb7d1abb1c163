import type { GroupSummary } from '@entangle/client'
import { ChevronRight } from 'lucide-react'
import styles from '../chat/Details.module.css'
import { memberCount } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { AddPeople } from './AddPeople.tsx'
import own from './GroupDetails.module.css'
import { MemberRow } from './MemberRow.tsx'
import { useMemberDialogs } from './member-dialogs.tsx'
import type { Members } from './use-members.ts'

/** Up to this many stand below each other; of more, the first few, and the rest in a list of its own. */
const MOST_AT_ONCE = 12
const SHOWN_OF_MANY = 8

type Props = {
  readonly chat: GroupSummary
  readonly members: Members
  readonly manages: boolean
  readonly onShowAll: () => void
}

export function MembersSection({ chat, members: { members, problem, reload }, manages, onShowAll }: Props) {
  const { dialog, ask } = useMemberDialogs(chat)
  const many = members !== null && members.length > MOST_AT_ONCE
  const shown = many ? members.slice(0, SHOWN_OF_MANY) : (members ?? [])
  return (
    <section className={styles.section} aria-label="Members">
      <h3 className={styles.heading}>Members</h3>
      {problem !== null && (
        <p className={styles.text} role="alert">
          {problem.message}{' '}
          <button type="button" className={own.again} onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {manages && <AddPeople chat={chat} members={members} />}
      <ul className={own.members} aria-label="Members">
        {shown.map(member => (
          <li key={member.account.accountId}>
            <MemberRow chat={chat} member={member} manages={manages} ask={ask} />
          </li>
        ))}
      </ul>
      {many && (
        <Button look="plain" className={own.all} onClick={onShowAll}>
          {`Show all ${memberCount(members.length)}`}
          <ChevronRight size={17} />
        </Button>
      )}
      {dialog}
    </section>
  )
}
