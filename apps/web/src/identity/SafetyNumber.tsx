import type { AccountSummary } from '@entangle/protocol'
import { ShieldCheck } from 'lucide-react'
import { useEngine } from '../state/app-context.ts'
import { useNow } from '../state/hooks.ts'
import { useTask } from '../state/problem.ts'
import { personName, shortName } from '../text/names.ts'
import { timeFormat } from '../text/time-format.ts'
import { Button } from '../ui/Button.tsx'
import { Digits } from './Digits.tsx'
import styles from './SafetyNumber.module.css'
import { changedWords, type SafetyNumberData } from './safety-number.ts'
import { useSafetyNumber } from './use-safety-number.ts'

type Props = {
  readonly person: AccountSummary
  /** Changes when the number may be another one. */
  readonly stamp?: string
}

/** The number to compare with the other person, and the word that it was compared. */
export function SafetyNumber({ person, stamp = '' }: Props) {
  const engine = useEngine()
  const now = useNow()
  const { number, problem, reload } = useSafetyNumber(person.accountId, stamp)
  const { accountId } = person
  const decide = useTask(async (compared: SafetyNumberData | null) => {
    if (compared === null) await engine.request('unverifyContact', { accountId })
    else await engine.request('verifyContact', { accountId, digits: compared.digits })
    await reload()
  })
  const name = shortName(person)
  if (problem !== null) return <p className={styles.text}>{problem.message}</p>
  if (number === null) return <div className={styles.waiting} aria-busy="true" />
  const { digits, basis, changedAt } = number
  return (
    <div className={styles.number}>
      <Digits digits={digits} />
      {changedAt !== undefined && (
        <p className={styles.text}>{changedWords(name, timeFormat.day(changedAt, now))}</p>
      )}
      {basis === 'first-use' && (
        <p className={styles.text}>
          {changedAt === undefined ? (
            <>
              <b>Trusted on first use.</b> Entangle took the identity it met first for {personName(person)}’s
              and watches that it stays the same.
            </>
          ) : (
            <b>Not compared yet.</b>
          )}{' '}
          To be certain, compare this number with the one on {name}’s screen, in person or on a call. Same
          number: nobody is in between.
        </p>
      )}
      {decide.problem && (
        <p className={styles.wrong} role="alert">
          {decide.problem.message}
        </p>
      )}
      {basis === 'verified' ? (
        <div className={styles.verifiedLine}>
          <p className={styles.verified} role="status">
            <ShieldCheck size={16} aria-hidden="true" /> Verified by you
          </p>
          <Button look="plain" busy={decide.busy} onClick={() => void decide.run(null)}>
            Take it back
          </Button>
        </div>
      ) : (
        <Button wide busy={decide.busy} onClick={() => void decide.run(number)}>
          <ShieldCheck size={17} />
          Mark as verified
        </Button>
      )}
    </div>
  )
}
