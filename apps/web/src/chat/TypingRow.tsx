import type { ChatSummary } from '@entangle/client'
import { personName, typingWords } from '../text/names.ts'
import styles from './TypingRow.module.css'

/** A row kept free for it, so that nothing moves when somebody begins to write. */
export function TypingRow({ typing }: Pick<ChatSummary, 'typing'>) {
  const words = typingWords(typing, personName)
  return (
    <div className={styles.row}>
      {words !== null && (
        <span className={styles.text}>
          <span className={styles.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span className={styles.words}>{words}</span>
        </span>
      )}
    </div>
  )
}
