import type { GroupInvite, GroupSummary } from '@entangle/client'
import { LIMITS } from '@entangle/protocol/limits'
import { Link2 } from 'lucide-react'
import { useState } from 'react'
import styles from '../chat/Details.module.css'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx'
import own from './GroupDetails.module.css'
import { InviteRow } from './InviteRow.tsx'
import { useInvites } from './use-invites.ts'

export function InviteSection({ chat }: { readonly chat: GroupSummary }) {
  const engine = useEngine()
  const { invites, problem, reload } = useInvites(chat)
  const [revoking, setRevoking] = useState<GroupInvite | null>(null)
  const create = useTask(async () => {
    await engine.request('createInvite', { chatId: chat.id })
    await reload()
  })
  const open = invites ?? []
  const wrong = create.problem ?? problem

  return (
    <section className={styles.section} aria-label="Invite link">
      <h3 className={styles.heading}>{open.length > 1 ? 'Invite links' : 'Invite link'}</h3>
      <p className={styles.text}>
        Whoever has a link can come in, until you revoke it. Everybody sees who came, and they read what is
        written from then on.
      </p>
      {wrong !== null && (
        <p className={own.wrong} role="alert">
          {wrong.message}
        </p>
      )}
      {open.length > 0 && (
        <ul className={own.invites} aria-label="Invite links">
          {open.map(invite => (
            <InviteRow key={invite.inviteId} invite={invite} onRevoke={() => setRevoking(invite)} />
          ))}
        </ul>
      )}
      {open.length < LIMITS.groupInvites && (
        <Button
          wide={open.length === 0}
          look={open.length === 0 ? 'quiet' : 'plain'}
          className={open.length === 0 ? undefined : own.another}
          busy={create.busy}
          disabled={invites === null}
          onClick={() => void create.run(undefined)}
        >
          <Link2 size={17} />
          {open.length === 0 ? 'Create an invite link' : 'Create another link'}
        </Button>
      )}
      {revoking !== null && (
        <ConfirmDialog
          title="Revoke the link"
          action="Revoke"
          onConfirm={async () => {
            await engine.request('revokeInvite', { chatId: chat.id, inviteId: revoking.inviteId })
            await reload()
          }}
          onDone={() => setRevoking(null)}
          onClose={() => setRevoking(null)}
        >
          <p>Nobody can come in by this link any more. Who is in already stays.</p>
        </ConfirmDialog>
      )}
    </section>
  )
}
