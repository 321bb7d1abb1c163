import type { ChatId, InvitePreview } from '@entangle/client'
import { Link2Off, ShieldCheck, ShieldQuestion } from 'lucide-react'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf, useTask } from '../state/problem.ts'
import { memberCount, personName } from '../text/names.ts'
import { GroupAvatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './JoinDialog.module.css'

type Props = { readonly link: string; readonly onClose: () => void }

/** What an invite link leads to, and the question whether to come in. */
export function JoinDialog({ link, onClose }: Props) {
  const engine = useEngine()
  const [, navigate] = useLocation()
  const { preview, problem, read } = useInvitePreview(link)
  const left = useRef(false)
  const goTo = (id: ChatId) => {
    left.current = true
    navigate(`/chat/${id}`)
    onClose()
  }
  const join = useTask(async () => goTo(await engine.request('joinByInvite', { link })))

  if (problem !== null) {
    return (
      <Frame onClose={onClose}>
        <div className={styles.group}>
          <span className={styles.broken} aria-hidden="true">
            <Link2Off size={28} strokeWidth={1.75} />
          </span>
          <p className={styles.name}>{problemTitle(problem)}</p>
          <p className={styles.text} role="alert">
            {problemWords(problem)}
          </p>
        </div>
        <DialogActions>
          {isFinal(problem) ? null : <Button onClick={read}>Try again</Button>}
          <Button look="primary" onClick={onClose} autoFocus>
            {isFinal(problem) ? 'OK' : 'Not now'}
          </Button>
        </DialogActions>
      </Frame>
    )
  }
  if (preview === null) {
    return (
      <Frame onClose={onClose}>
        <div className={styles.group} aria-busy="true">
          <span className={styles.bone} />
          <p className={styles.text} role="status">
            Looking at the invitation…
          </p>
        </div>
      </Frame>
    )
  }
  const { chatId } = preview
  return (
    <Frame onClose={onClose} returnsFocus={() => !left.current}>
      <Group preview={preview} />
      {chatId === null ? (
        <>
          <Inviter preview={preview} />
          <p className={styles.after}>You read what is written from then on, not what was said before.</p>
        </>
      ) : (
        <Notice tone="neutral">You are in this group already.</Notice>
      )}
      {join.problem && (
        <Notice tone="danger" role="alert">
          {problemWords(join.problem)}
        </Notice>
      )}
      <DialogActions>
        <Button onClick={onClose}>Not now</Button>
        {chatId === null ? (
          <Button look="primary" busy={join.busy} onClick={() => void join.run(undefined)} autoFocus>
            Join
          </Button>
        ) : (
          <Button look="primary" onClick={() => goTo(chatId)} autoFocus>
            Open the group
          </Button>
        )}
      </DialogActions>
    </Frame>
  )
}

type FrameProps = {
  readonly children: ReactNode
  readonly onClose: () => void
  readonly returnsFocus?: () => boolean
}

function Frame({ children, onClose, returnsFocus = () => true }: FrameProps) {
  return (
    <Dialog title="Invitation" onClose={onClose} returnsFocus={returnsFocus}>
      <div className={styles.body}>{children}</div>
    </Dialog>
  )
}

function Group({ preview }: { readonly preview: InvitePreview }) {
  const { name, topic, picture, memberCount: count, chatId } = preview
  return (
    <div className={styles.group}>
      <GroupAvatar name={name} seed={chatId ?? name} picture={picture} size="large" />
      <p className={styles.name}>{name}</p>
      <p className={styles.text}>{memberCount(count)}</p>
      {topic !== '' && (
        <p className={styles.topic} dir="auto">
          {topic}
        </p>
      )}
    </div>
  )
}

function Inviter({ preview: { invitedBy } }: { readonly preview: InvitePreview }) {
  if (invitedBy === null) {
    return (
      <Notice tone="warning" icon={<ShieldQuestion size={18} aria-hidden="true" />}>
        Who invites you could not be checked: whoever made this link is not in the group any more. Join only
        if you trust where you have it from.
      </Notice>
    )
  }
  return (
    <Notice tone="good" icon={<ShieldCheck size={18} aria-hidden="true" />}>
      <b>
        {personName(invitedBy)} (@{invitedBy.handle}) invites you.
      </b>{' '}
      Checked: their identity is the one that the link names.
    </Notice>
  )
}

function useInvitePreview(link: string): {
  preview: InvitePreview | null
  problem: Problem | null
  read: () => void
} {
  const engine = useEngine()
  const [preview, setPreview] = useState<InvitePreview | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const read = useCallback(() => {
    setProblem(null)
    engine.request('readInvite', { link }).then(setPreview, error => setProblem(problemOf(error)))
  }, [engine, link])
  useEffect(read, [read])
  return { preview, problem, read }
}

const REVOKED = 'It was revoked, or a part of it is missing. Ask whoever sent it for a new one.'

/** What a link that leads nowhere says; trying again cannot help. */
const FINAL: Readonly<Record<string, string>> = {
  CHAT_INVITE_INVALID: REVOKED,
  ENGINE_INVITE_INVALID: REVOKED,
  ENGINE_IDENTITY_CHANGED:
    'Whoever made it has another identity by now, so it cannot be checked any more. Ask them for a new one.',
}

const isFinal = ({ code }: Problem) => code in FINAL

function problemTitle(problem: Problem): string {
  if (!isFinal(problem)) return 'The invitation cannot be read now'
  return FINAL[problem.code] === REVOKED
    ? 'This link does not lead anywhere'
    : 'This link is not good any more'
}

const problemWords = (problem: Problem): string => FINAL[problem.code] ?? problem.message
