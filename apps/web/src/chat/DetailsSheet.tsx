import type { ChatSummary } from '@entangle/client'
import { chatName } from '../text/names.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Details } from './Details.tsx'

type Props = { readonly chat: ChatSummary; readonly onClose: () => void }

export function DetailsSheet({ chat, onClose }: Props) {
  return (
    <Dialog title={`About ${chatName(chat)}`} shape="sheet" onClose={onClose}>
      <Details chat={chat} onClose={null} />
    </Dialog>
  )
}
