import { cx } from '../ui/cx.ts'
import { ratePassword } from './password-strength.ts'
import styles from './StrengthHint.module.css'

export function StrengthHint({ password, handle }: { readonly password: string; readonly handle: string }) {
  const { level, advice } = ratePassword(password, handle)
  return (
    <span className={styles.strength}>
      <span className={cx(styles.meter, password !== '' && styles[level])} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {password === '' ? 'A few unrelated words make a good one.' : advice}
    </span>
  )
}
