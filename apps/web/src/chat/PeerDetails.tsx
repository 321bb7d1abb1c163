import type { DirectSummary } from '@entangle/client'
import { Ban } from 'lucide-react'
import { useState } from 'react'
import { SafetyNumber } from '../identity/SafetyNumber.tsx'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { personName } from '../text/names.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import styles from './Details.module.css'

export function PeerDetails({ chat }: { readonly chat: DirectSummary }) {
  const { peer } = chat
  return (
    <>
      <div className={styles.person}>
        <Avatar account={peer} size="large" />
        <p className={styles.name}>{personName(peer)}</p>
        <p className={styles.handle}>@{peer.handle}</p>
      </div>
      <section className={styles.section} aria-label="Safety number">
        <h3 className={styles.heading}>Safety number</h3>
        {chat.warning === null ? (
          <SafetyNumber person={peer} stamp={String(chat.activity)} />
        ) : (
          <p className={styles.text}>
            The identity is not the one you knew. Once you have reviewed it, the number to compare stands
            here.
          </p>
        )}
      </section>
      {!peer.gone && <BlockSection chat={chat} />}
    </>
  )
}

function BlockSection({ chat }: { readonly chat: DirectSummary }) {
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
