import { useEngine } from '../state/app-context.ts'
import { PasswordProof } from '../ui/PasswordProof.tsx'
import styles from './recovery.module.css'

type Props = {
  readonly onRead: (words: readonly string[]) => void
  readonly onCancel: () => void
}

export function PasswordStep({ onRead, onCancel }: Props) {
  const engine = useEngine()
  const read = async (password: string) =>
    onRead((await engine.request('readRecoveryPhrase', { password })).words)
  return (
    <PasswordProof
      hint="To be sure that it is you."
      action="Show the words"
      onProve={read}
      onCancel={onCancel}
    >
      <p className={styles.text}>
        Twelve words open your account when the password is forgotten and every device is lost. Keep them
        somewhere safe that is not this device: on paper, or in a password manager.
      </p>
    </PasswordProof>
  )
}
