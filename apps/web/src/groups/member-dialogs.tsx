import type { GroupMember, GroupSummary } from '@entangle/client'
import type { Role } from '@entangle/protocol/roles'
import { type ReactNode, useCallback, useState } from 'react'
import { ReviewDialog } from '../identity/ReviewDialog.tsx'
import { SafetyNumberDialog } from '../identity/SafetyNumberDialog.tsx'
import { useEngine } from '../state/app-context.ts'
import { problemOf } from '../state/problem.ts'
import { chatName, personName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'

type Question =
  | { readonly kind: 'number'; readonly member: GroupMember }
  | { readonly kind: 'remove'; readonly member: GroupMember }
  | { readonly kind: 'role'; readonly member: GroupMember; readonly role: Role }
  | { readonly kind: 'problem'; readonly error: unknown }

export type AskAboutMember = (question: Question) => void

const ROLE_EFFECTS: Readonly<Record<Role, string>> = {
  owner: 'can do everything here that you can: also give roles, and put anybody out, you too.',
  admin: 'can add and remove members, change name and picture, and open invite links.',
  member: 'can read and write, and no longer runs the group.',
}
const ROLE_ACTIONS: Readonly<Record<Role, string>> = {
  owner: 'Make owner',
  admin: 'Make admin',
  member: 'Take the role back',
}

/** What the menu of a member leads to. Lives outside the menu, which is gone by then. */
export function useMemberDialogs(chat: GroupSummary): { dialog: ReactNode; ask: AskAboutMember } {
  const [question, setQuestion] = useState<Question | null>(null)
  const close = useCallback(() => setQuestion(null), [])
  return {
    dialog: question && <QuestionDialog chat={chat} question={question} onClose={close} />,
    ask: setQuestion,
  }
}

type Props = { readonly chat: GroupSummary; readonly question: Question; readonly onClose: () => void }

function QuestionDialog({ chat, question, onClose }: Props) {
  const engine = useEngine()
  if (question.kind === 'problem') {
    return (
      <Dialog title="That did not work" onClose={onClose}>
        <p role="alert">{problemOf(question.error).message}</p>
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
        </DialogActions>
      </Dialog>
    )
  }
  const { account } = question.member
  if (question.kind === 'number') {
    // Of an identity in doubt there is no number to compare yet.
    const Look = chat.suspect?.accountId === account.accountId ? ReviewDialog : SafetyNumberDialog
    return <Look person={account} onClose={onClose} />
  }
  const name = personName(account)
  const target = { chatId: chat.id, accountId: account.accountId }
  if (question.kind === 'remove') {
    return (
      <ConfirmDialog
        title={`Remove ${name}`}
        action="Remove"
        onConfirm={() => engine.request('removeMember', target)}
        onDone={onClose}
        onClose={onClose}
      >
        <p>
          <b>{name}</b> gets nothing new from <b>{chatName(chat)}</b> and keeps what was said until now. The
          others see that you did this.
        </p>
      </ConfirmDialog>
    )
  }
  const { role } = question
  return (
    <ConfirmDialog
      title={ROLE_ACTIONS[role]}
      action={ROLE_ACTIONS[role]}
      look={role === 'member' ? 'danger' : 'primary'}
      onConfirm={() => engine.request('setRole', { ...target, role })}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        <b>{name}</b> {ROLE_EFFECTS[role]}
      </p>
    </ConfirmDialog>
  )
}
