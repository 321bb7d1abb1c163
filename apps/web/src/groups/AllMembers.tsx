import type { GroupMember, GroupSummary } from '@entangle/client'
import { ArrowLeft } from 'lucide-react'
import { type ComponentProps, useEffect, useRef, useState } from 'react'
import { Virtualizer } from 'virtua'
import { memberCount } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { Field } from '../ui/Field.tsx'
import styles from './AllMembers.module.css'
import { matchingMembers } from './group-text.ts'
import { MemberRow } from './MemberRow.tsx'
import { useMemberDialogs } from './member-dialogs.tsx'
import type { Members } from './use-members.ts'

/** Past this many only the visible ones are in the document. */
const LONG = 60
const ROW_PX = 56

type Props = {
  readonly chat: GroupSummary
  readonly members: Members
  readonly manages: boolean
  readonly onBack: () => void
}

/** Everybody in a large group, to look through or to search. */
export function AllMembers({ chat, members: { members }, manages, onBack }: Props) {
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const { dialog, ask } = useMemberDialogs(chat)
  const found = matchingMembers(members ?? [], text)
  useEffect(() => field.current?.focus(), [])

  const rowOf = (member: GroupMember) => (
    <MemberRow key={member.account.accountId} chat={chat} member={member} manages={manages} ask={ask} />
  )
  return (
    <div className={styles.all} data-fills>
      <div className={styles.top}>
        <Button look="plain" className={styles.back} onClick={onBack}>
          <ArrowLeft size={17} />
          About the group
        </Button>
        <Field
          ref={field}
          type="search"
          label={`Search ${memberCount(members?.length ?? 0)}`}
          placeholder="Name"
          value={text}
          onChange={event => setText(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </div>
      <div className={styles.scroller}>
        {found.length > LONG ? (
          <Virtualizer as={MemberList} item="li" itemSize={ROW_PX}>
            {found.map(rowOf)}
          </Virtualizer>
        ) : (
          <MemberList>
            {found.map(member => (
              <li key={member.account.accountId}>{rowOf(member)}</li>
            ))}
          </MemberList>
        )}
        {found.length === 0 && (
          <p className={styles.none} role="status">
            Nobody of this name is in the group.
          </p>
        )}
      </div>
      {dialog}
    </div>
  )
}

function MemberList(props: ComponentProps<'ul'>) {
  return <ul {...props} aria-label="Members" />
}
