import { useDelayed } from '../state/hooks.ts'
import { Logo } from '../ui/Logo.tsx'
import styles from './Starting.module.css'

/** While the engine reads what is on this device: nothing at first, then a quiet sign of life. */
export function Starting() {
  const due = useDelayed(200)
  return (
    <main className={styles.page} aria-busy="true" aria-label="Starting">
      {due && <Logo size={64} />}
    </main>
  )
}
