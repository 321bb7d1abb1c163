import type { GroupInvite } from '@entangle/client'
import { Check, Copy, Share2, Trash2 } from 'lucide-react'
import { Button, IconButton } from '../ui/Button.tsx'
import { Hidden } from '../ui/Hidden.tsx'
import { useCopy } from '../ui/use-copy.ts'
import styles from './GroupDetails.module.css'

type Props = { readonly invite: GroupInvite; readonly onRevoke: () => void }

const canShare = typeof navigator.share === 'function'

export function InviteRow({ invite, onRevoke }: Props) {
  const { said, copy } = useCopy()
  return (
    <li className={styles.invite}>
      <input
        className={styles.link}
        aria-label="Invite link"
        value={invite.link}
        readOnly
        onFocus={event => event.target.select()}
        translate="no"
      />
      <div className={styles.inviteActions}>
        <Button onClick={() => copy(invite.link)}>
          {said === 'copied' ? <Check size={17} /> : <Copy size={17} />}
          {said === 'copied' ? 'Copied' : 'Copy link'}
        </Button>
        {canShare && (
          <IconButton
            label="Share link"
            onClick={() => void navigator.share({ url: invite.link }).catch(() => {})}
          >
            <Share2 size={18} />
          </IconButton>
        )}
        <IconButton label="Revoke link" className={styles.revoke} onClick={onRevoke}>
          <Trash2 size={18} />
        </IconButton>
      </div>
      {said === 'refused' && (
        <p className={styles.wrong} role="alert">
          The browser did not let it be copied. Select the link and copy it by hand.
        </p>
      )}
      <Hidden>
        <span role="status">{said === 'copied' ? 'Copied.' : ''}</span>
      </Hidden>
    </li>
  )
}
