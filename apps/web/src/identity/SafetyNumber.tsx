import type { AccountSummary } from '@entangle/protocol'
import { ShieldCheck } from 'lucide-react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { personName, shortName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { Digits } from './Digits.tsx'
import styles from './SafetyNumber.module.css'
import { useSafetyNumber } from './use-safety-number.ts'

/** The number to compare with the other person, and the word that it was compared. */
export function SafetyNumber({ person }: { readonly person: AccountSummary }) {
  const engine = useEngine()
  const { number, problem, reload } = useSafetyNumber(person.accountId)
  const verify = useTask(async () => {
    await engine.request('verifyContact', { accountId: person.accountId })
    await reload()
  })
  const name = shortName(person)
  if (problem !== null) return <p className={styles.text}>{problem.message}</p>
  if (number === null) return <div className={styles.waiting} aria-busy="true" />
  return (
    <div className={styles.number}>
      <Digits digits={number.digits} />
      {number.basis === 'verified' ? (
        <p className={styles.verified} role="status">
          <ShieldCheck size={16} aria-hidden="true" /> Verified by you
        </p>
      ) : (
        <>
          <p className={styles.text}>
            <b>Trusted on first use.</b> Entangle took the identity it met first for {personName(person)}’s
            and watches that it stays the same. To be certain, compare this number with the one on {name}’s
            screen, in person or on a call. Same number: nobody is in between.
          </p>
          {verify.problem && (
            <p className={styles.text} role="alert">
              {verify.problem.message}
            </p>
          )}
          <Button wide busy={verify.busy} onClick={() => void verify.run(undefined)}>
            <ShieldCheck size={17} />
            Mark as verified
          </Button>
        </>
      )}
    </div>
  )
}
