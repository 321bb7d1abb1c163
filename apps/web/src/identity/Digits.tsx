import styles from './SafetyNumber.module.css'
import { digitGroups, spokenNumber } from './safety-number.ts'

export function Digits({ digits }: { readonly digits: string }) {
  return (
    <p className={styles.digits} role="img" aria-label={`Safety number ${spokenNumber(digits)}`}>
      {digitGroups(digits).map(group => (
        <span key={group.place}>{group.digits}</span>
      ))}
    </p>
  )
}
