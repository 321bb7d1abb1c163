import type { ChatSummary } from '@entangle/client'
import { Ban, ShieldCheck, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf, useTask } from '../state/problem.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button, IconButton } from '../ui/Button.tsx'
import styles from './PeerDetails.module.css'

type SafetyNumber = { readonly digits: string; readonly basis: 'first-use' | 'verified' }

type Props = {
  readonly chat: ChatSummary
  /** Null where the surroundings have a way to close already. */
  readonly onClose: (() => void) | null
}

export function PeerDetails({ chat, onClose }: Props) {
  const { peer } = chat
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
      <div className={styles.person}>
        <Avatar account={peer} size="large" />
        <p className={styles.name}>{peer.displayName}</p>
        <p className={styles.handle}>@{peer.handle}</p>
      </div>
      <SafetyNumberSection chat={chat} />
      {!peer.gone && <BlockSection chat={chat} />}
    </div>
  )
}

function SafetyNumberSection({ chat }: { readonly chat: ChatSummary }) {
  const engine = useEngine()
  const { accountId, displayName } = chat.peer
  const [number, setNumber] = useState<SafetyNumber | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)

  useEffect(() => {
    let current = true
    engine.request('readSafetyNumber', { accountId }).then(
      read => current && setNumber(read),
      error => current && setProblem(problemOf(error)),
    )
    return () => {
      current = false
    }
  }, [engine, accountId])

  return (
    <section className={styles.section} aria-label="Safety number">
      <h3 className={styles.heading}>Safety number</h3>
      {problem !== null && <p className={styles.text}>{problem.message}</p>}
      {number !== null && (
        <>
          <p className={styles.digits} role="img" aria-label={`Safety number ${spoken(number.digits)}`}>
            {groups(number.digits).map(({ place, digits }) => (
              <span key={place}>{digits}</span>
            ))}
          </p>
          {number.basis === 'verified' ? (
            <p className={styles.verified}>
              <ShieldCheck size={16} aria-hidden="true" /> Verified by you
            </p>
          ) : (
            <p className={styles.text}>
              <b>Trusted on first use.</b> Entangle took the identity it met first for {displayName}’s and
              watches that it stays the same. To be certain, compare this number with the one on {displayName}
              ’s screen, in person or on a call. Same number: nobody is in between.
            </p>
          )}
        </>
      )}
    </section>
  )
}

/** Sixty digits in twelve groups of five. */
function groups(digits: string): readonly { readonly place: number; readonly digits: string }[] {
  return [...digits.replaceAll(/\D/g, '').matchAll(/\d{1,5}/g)].map(match => ({
    place: match.index,
    digits: match[0],
  }))
}

function spoken(digits: string): string {
  return groups(digits)
    .map(group => group.digits)
    .join(' ')
}

function BlockSection({ chat }: { readonly chat: ChatSummary }) {
  const engine = useEngine()
  const { accountId, blocked, displayName } = chat.peer
  const [asking, setAsking] = useState(false)
  const change = useTask((next: boolean) => engine.request('setBlocked', { accountId, blocked: next }))
  const block = async () => {
    if (await change.run(true)) setAsking(false)
  }
  return (
    <section className={styles.section} aria-label="Block">
      {change.problem && (
        <p className={styles.text} role="alert">
          {change.problem.message}
        </p>
      )}
      {blocked ? (
        <>
          <p className={styles.text}>You have blocked {displayName}.</p>
          <Button wide busy={change.busy} onClick={() => void change.run(false)}>
            {`Unblock ${displayName}`}
          </Button>
        </>
      ) : asking ? (
        <>
          <p className={styles.text}>
            {displayName} cannot reach you any more and is not told. What was written stays.
          </p>
          <div className={styles.choice}>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button look="danger" busy={change.busy} onClick={() => void block()}>
              Block
            </Button>
          </div>
        </>
      ) : (
        <Button look="danger" wide onClick={() => setAsking(true)}>
          <Ban size={17} />
          {`Block ${displayName}`}
        </Button>
      )}
    </section>
  )
}
