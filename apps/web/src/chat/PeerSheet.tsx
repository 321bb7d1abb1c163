import type { ChatSummary } from '@entangle/client'
import { Dialog } from '../ui/Dialog.tsx'
import { PeerDetails } from './PeerDetails.tsx'

type Props = { readonly chat: ChatSummary; readonly onClose: () => void }

export function PeerSheet({ chat, onClose }: Props) {
  return (
    <Dialog title={`About ${chat.peer.displayName}`} shape="sheet" onClose={onClose}>
      <PeerDetails chat={chat} onClose={null} />
    </Dialog>
  )
}
