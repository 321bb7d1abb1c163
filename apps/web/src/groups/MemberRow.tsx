import type { GroupMember, GroupSummary } from '@entangle/client'
import { Ellipsis, ShieldCheck } from 'lucide-react'
import { memo } from 'react'
import { personName } from '../text/names.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { IconButton } from '../ui/Button.tsx'
import { Menu } from '../ui/Menu.tsx'
import styles from './GroupDetails.module.css'
import { ROLE_WORDS } from './group-text.ts'
import { MemberMenu } from './MemberMenu.tsx'
import type { AskAboutMember } from './member-dialogs.tsx'

type Props = {
  readonly chat: GroupSummary
  readonly member: GroupMember
  readonly manages: boolean
  readonly ask: AskAboutMember
}

export const MemberRow = memo(function MemberRow({ chat, member, manages, ask }: Props) {
  const { account, role, self, basis } = member
  const name = personName(account)
  const tag = ROLE_WORDS[role]
  return (
    <div className={styles.member}>
      <Avatar account={account} size="small" />
      <div className={styles.memberNames}>
        <p>
          <b>{name}</b>
          {basis === 'verified' && !self && (
            <ShieldCheck size={15} className={styles.verified} role="img" aria-label="Verified" />
          )}
        </p>
        <p className={styles.memberHandle}>{self ? 'You' : `@${account.handle}`}</p>
      </div>
      {tag !== null && <span className={styles.tag}>{tag}</span>}
      {self ? (
        <span className={styles.noMenu} />
      ) : (
        <Menu
          trigger={
            <IconButton label={`Actions for ${name}`} className={styles.more}>
              <Ellipsis size={19} />
            </IconButton>
          }
        >
          <MemberMenu chat={chat} member={member} manages={manages} ask={ask} />
        </Menu>
      )}
    </div>
  )
})
