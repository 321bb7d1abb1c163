import type { GroupMember, GroupSummary } from '@entangle/client'
import { LogOut, Trash2 } from 'lucide-react'
import { useState } from 'react'
import styles from '../chat/Details.module.css'
import { useEngine } from '../state/app-context.ts'
import { chatName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx'
import { ForgetGroupDialog } from './ForgetGroupDialog.tsx'
import { heirs, isOver } from './group-text.ts'

type Props = { readonly chat: GroupSummary; readonly members: readonly GroupMember[] | null }

export function LeaveSection({ chat, members }: Props) {
  const engine = useEngine()
  const [asking, setAsking] = useState(false)
  const close = () => setAsking(false)
  if (isOver(chat.group.phase)) {
    return (
      <section className={styles.section} aria-label="Delete">
        <Button look="danger" wide onClick={() => setAsking(true)}>
          <Trash2 size={17} />
          Delete from my list
        </Button>
        {asking && <ForgetGroupDialog chat={chat} onClose={close} />}
      </section>
    )
  }
  // A request is answered under the timeline, where leaving is one of the answers.
  if (chat.standing === 'request') return null
  const after = members === null ? null : heirs(members)
  return (
    <section className={styles.section} aria-label="Leave">
      <Button look="danger" wide onClick={() => setAsking(true)}>
        <LogOut size={17} />
        Leave group
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Leave ${chatName(chat)}`}
          action="Leave"
          onConfirm={() => engine.request('leaveGroup', { chatId: chat.id })}
          onDone={close}
          onClose={close}
        >
          <p>
            You get nothing new from this group, on any of your devices. What was said until now stays
            readable, and the others see that you left.
          </p>
          {after !== null && <p>{after}</p>}
        </ConfirmDialog>
      )}
    </section>
  )
}
