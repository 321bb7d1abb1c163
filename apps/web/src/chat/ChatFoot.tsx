import type { ChatSummary } from '@entangle/client'
import { useLocation } from 'wouter'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import styles from './ChatFoot.module.css'
import { Composer } from './Composer.tsx'

type Props = { readonly chat: ChatSummary; readonly onSent: () => void }

/** Under the timeline: the composer, or what stands in its way and how to remove it. */
export function ChatFoot({ chat, onSent }: Props) {
  if (chat.peer.gone) return <Line>This account was deleted. You can still read what was written.</Line>
  if (chat.standing === 'request') return <RequestBanner chat={chat} />
  if (chat.standing === 'blocked' || chat.peer.blocked) return <BlockedBanner chat={chat} />
  if (chat.warning === 'identity-changed') return <Line>Sending is paused.</Line>
  return <Composer key={chat.id} chat={chat} onSent={onSent} />
}

function Line({ children }: { readonly children: string }) {
  return (
    <footer className={styles.foot} data-region="composer">
      <p className={styles.line}>{children}</p>
    </footer>
  )
}

function RequestBanner({ chat }: { readonly chat: ChatSummary }) {
  const engine = useEngine()
  const [, navigate] = useLocation()
  const answer = useTask((input: 'accept' | 'refuse' | 'block') =>
    engine.request('answerRequest', { chatId: chat.id, answer: input }),
  )
  const leave = async (input: 'refuse' | 'block') => {
    if (await answer.run(input)) navigate('/')
  }
  const name = chat.peer.displayName
  return (
    <footer className={styles.foot} data-region="composer">
      <section className={styles.request} aria-label="Message request">
        <p className={styles.question}>
          <b>{name} wants to write with you</b>
          <span>{name} does not learn whether you have read this until you accept.</span>
        </p>
        {answer.problem && (
          <p className={styles.problem} role="alert">
            {answer.problem.message}
          </p>
        )}
        <div className={styles.answers}>
          <Button look="primary" busy={answer.busy} onClick={() => void answer.run('accept')}>
            Accept
          </Button>
          <Button onClick={() => void leave('refuse')}>Refuse</Button>
          <Button look="danger" onClick={() => void leave('block')}>
            Block
          </Button>
        </div>
      </section>
    </footer>
  )
}

function BlockedBanner({ chat }: { readonly chat: ChatSummary }) {
  const engine = useEngine()
  const unblock = useTask(() =>
    engine.request('setBlocked', { accountId: chat.peer.accountId, blocked: false }),
  )
  return (
    <footer className={styles.foot} data-region="composer">
      <div className={styles.blocked}>
        <p className={styles.line} role={unblock.problem ? 'alert' : undefined}>
          {unblock.problem?.message ?? `You have blocked ${chat.peer.displayName}.`}
        </p>
        <Button busy={unblock.busy} onClick={() => void unblock.run(undefined)}>
          Unblock
        </Button>
      </div>
    </footer>
  )
}
