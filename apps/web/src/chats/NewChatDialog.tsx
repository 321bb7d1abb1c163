import type { ChatId } from '@entangle/client'
import { useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { NewGroupForm } from '../groups/NewGroupForm.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { NewChatForm } from './NewChatForm.tsx'

/** Jump to a chat by any part of its name, find somebody by their exact name, or make a group. */
export function NewChatDialog({ onClose }: { readonly onClose: () => void }) {
  const [, navigate] = useLocation()
  const [kind, setKind] = useState<'chat' | 'group'>('chat')
  const input = useRef<HTMLInputElement>(null)
  const left = useRef(false)
  const goTo = (id: ChatId) => {
    left.current = true
    navigate(`/chat/${id}`)
    onClose()
  }
  return (
    <Dialog
      title={kind === 'chat' ? 'New chat' : 'New group'}
      onClose={onClose}
      initialFocus={input}
      returnsFocus={() => !left.current}
    >
      {kind === 'chat' ? (
        <NewChatForm input={input} onOpen={goTo} onGroup={() => setKind('group')} />
      ) : (
        <NewGroupForm onBack={() => setKind('chat')} onCreated={goTo} />
      )}
    </Dialog>
  )
}
