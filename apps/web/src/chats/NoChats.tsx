import { MessagesSquare } from 'lucide-react'
import { useOpenDialog } from '../app/shell-context.ts'
import { Button } from '../ui/Button.tsx'
import { Empty } from '../ui/Empty.tsx'

export function NoChats() {
  const openDialog = useOpenDialog()
  return (
    <Empty
      icon={<MessagesSquare size={28} strokeWidth={1.75} />}
      action={
        <Button look="primary" onClick={() => openDialog('new-chat')}>
          Write to someone
        </Button>
      }
    >
      No chats yet. All you need is the other person’s name.
    </Empty>
  )
}
