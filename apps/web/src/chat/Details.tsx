import type { ChatSummary } from '@entangle/client'
import { X } from 'lucide-react'
import { GroupDetails } from '../groups/GroupDetails.tsx'
import { IconButton } from '../ui/Button.tsx'
import styles from './Details.module.css'
import { PeerDetails } from './PeerDetails.tsx'

type Props = {
  readonly chat: ChatSummary
  /** Null where the surroundings have a way to close already. */
  readonly onClose: (() => void) | null
}

/** Beside the timeline, or in a sheet over it: who one is talking with. */
export function Details({ chat, onClose }: Props) {
  return (
    <div className={styles.panel}>
      {onClose !== null && (
        <header className={styles.head}>
          <h2 className={styles.title}>Details</h2>
          <IconButton label="Close details" onClick={onClose}>
            <X size={20} />
          </IconButton>
        </header>
      )}
      {chat.kind === 'direct' ? <PeerDetails chat={chat} /> : <GroupDetails key={chat.id} chat={chat} />}
    </div>
  )
}
