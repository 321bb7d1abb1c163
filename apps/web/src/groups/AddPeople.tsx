import type { GroupMember, GroupSummary } from '@entangle/client'
import { UserRoundPlus } from 'lucide-react'
import { useState } from 'react'
import { AddPeopleDialog } from './AddPeopleDialog.tsx'
import styles from './GroupDetails.module.css'

type Props = { readonly chat: GroupSummary; readonly members: readonly GroupMember[] | null }

export function AddPeople({ chat, members }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className={styles.add} onClick={() => setOpen(true)}>
        <span className={styles.addSign} aria-hidden="true">
          <UserRoundPlus size={18} />
        </span>
        <b>Add people</b>
      </button>
      {open && <AddPeopleDialog chat={chat} members={members ?? []} onClose={() => setOpen(false)} />}
    </>
  )
}
