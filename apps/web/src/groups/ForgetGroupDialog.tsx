import type { GroupSummary } from '@entangle/client'
import { useLocation } from 'wouter'
import { useEngine } from '../state/app-context.ts'
import { chatName } from '../text/names.ts'
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx'

type Props = { readonly chat: GroupSummary; readonly onClose: () => void }

export function ForgetGroupDialog({ chat, onClose }: Props) {
  const engine = useEngine()
  const [, navigate] = useLocation()
  return (
    <ConfirmDialog
      title={`Delete ${chatName(chat)}`}
      action="Delete"
      onConfirm={() => engine.request('forgetGroup', { chatId: chat.id })}
      onDone={() => navigate('/')}
      onClose={onClose}
    >
      <p>
        <b>{chatName(chat)}</b> disappears from your list, with all that was said in it. This cannot be
        undone.
      </p>
    </ConfirmDialog>
  )
}
