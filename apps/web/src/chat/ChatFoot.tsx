import type { ChatSummary, DirectSummary, GroupSummary } from '@entangle/client'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useLocation } from 'wouter'
import { isOver } from '../groups/group-text.ts'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { chatName, personName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import styles from './ChatFoot.module.css'
import { Composer } from './Composer.tsx'

const ForgetGroupDialog = lazy(async () => ({
  default: (await import('../groups/ForgetGroupDialog.tsx')).ForgetGroupDialog,
}))

type Props = { readonly chat: ChatSummary; readonly onSent: () => void }

/** Under the timeline: the composer, or what stands in its way and how to remove it. */
export function ChatFoot({ chat, onSent }: Props) {
  const obstacle = chat.kind === 'direct' ? directObstacle(chat) : groupObstacle(chat)
  if (obstacle !== null) return <Foot>{obstacle}</Foot>
  return <Composer key={chat.id} chat={chat} onSent={onSent} />
}

function directObstacle(chat: DirectSummary): ReactNode {
  if (chat.peer.gone) return <Line>This account was deleted. You can still read what was written.</Line>
  if (chat.standing === 'request') return <DirectRequest chat={chat} />
  if (chat.standing === 'blocked' || chat.peer.blocked) return <BlockedBanner chat={chat} />
  return chat.warning === null ? null : <Line>Sending is paused.</Line>
}

function groupObstacle(chat: GroupSummary): ReactNode {
  const { phase } = chat.group
  if (isOver(phase)) return <OverBanner chat={chat} />
  if (chat.standing === 'request') return <GroupRequest chat={chat} />
  if (phase === 'joining') return <Line>Joining. You can write as soon as this device is in.</Line>
  if (phase === 'checking') return <Line>Checking who is in this group. You can write in a moment.</Line>
  return chat.warning === null ? null : <Line>Sending is paused.</Line>
}

function Foot({ children }: { readonly children: ReactNode }) {
  return (
    <footer className={styles.foot} data-region="composer">
      {children}
    </footer>
  )
}

function Line({ children }: { readonly children: string }) {
  return (
    <p className={styles.line} role="status">
      {children}
    </p>
  )
}

type RequestProps = {
  readonly label: string
  readonly question: string
  readonly explanation: string
  readonly problem: string | undefined
  readonly children: ReactNode
}

function RequestBanner({ label, question, explanation, problem, children }: RequestProps) {
  return (
    <section className={styles.request} aria-label={label}>
      <p className={styles.question}>
        <b>{question}</b>
        <span>{explanation}</span>
      </p>
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.answers}>{children}</div>
    </section>
  )
}

/** Answers a request; whoever refuses it has no reason to stay on this screen. */
function useAnswer({ id }: Pick<ChatSummary, 'id'>) {
  const engine = useEngine()
  const [, navigate] = useLocation()
  const answer = useTask((input: 'accept' | 'refuse' | 'block') =>
    engine.request('answerRequest', { chatId: id, answer: input }),
  )
  const leave = async (input: 'refuse' | 'block') => {
    if (await answer.run(input)) navigate('/')
  }
  return { answer, leave }
}

function DirectRequest({ chat }: { readonly chat: DirectSummary }) {
  const { answer, leave } = useAnswer(chat)
  const name = personName(chat.peer)
  return (
    <RequestBanner
      label="Message request"
      question={`${name} wants to write with you`}
      explanation={`${name} does not learn whether you have read this until you accept.`}
      problem={answer.problem?.message}
    >
      <Button look="primary" busy={answer.busy} onClick={() => void answer.run('accept')}>
        Accept
      </Button>
      <Button onClick={() => void leave('refuse')}>Refuse</Button>
      <Button look="danger" onClick={() => void leave('block')}>
        Block
      </Button>
    </RequestBanner>
  )
}

function GroupRequest({ chat }: { readonly chat: GroupSummary }) {
  const { answer, leave } = useAnswer(chat)
  const adder = chat.addedBy === null ? 'Somebody' : personName(chat.addedBy)
  return (
    <RequestBanner
      label="Group request"
      question={`${adder} added you to ${chatName(chat)}`}
      explanation="You have not written with each other yet. Nobody learns whether you have read this until you accept."
      problem={answer.problem?.message}
    >
      <Button look="primary" busy={answer.busy} onClick={() => void answer.run('accept')}>
        Accept
      </Button>
      <Button look="danger" onClick={() => void leave('refuse')}>
        Leave
      </Button>
    </RequestBanner>
  )
}

function OverBanner({ chat }: { readonly chat: GroupSummary }) {
  const [asking, setAsking] = useState(false)
  return (
    <div className={styles.over}>
      <p className={styles.line} role="status">
        {chat.group.phase === 'left' ? 'You left this group.' : 'You were removed from this group.'} What was
        said until then stays readable.
      </p>
      <Button onClick={() => setAsking(true)}>Delete from my list</Button>
      <Suspense fallback={null}>
        {asking && <ForgetGroupDialog chat={chat} onClose={() => setAsking(false)} />}
      </Suspense>
    </div>
  )
}

function BlockedBanner({ chat }: { readonly chat: DirectSummary }) {
  const engine = useEngine()
  const unblock = useTask(() =>
    engine.request('setBlocked', { accountId: chat.peer.accountId, blocked: false }),
  )
  return (
    <div className={styles.over}>
      <p className={styles.line} role={unblock.problem ? 'alert' : undefined}>
        {unblock.problem?.message ?? `You have blocked ${personName(chat.peer)}.`}
      </p>
      <Button busy={unblock.busy} onClick={() => void unblock.run(undefined)}>
        Unblock
      </Button>
    </div>
  )
}
