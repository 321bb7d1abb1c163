import { createPortal } from 'react-dom'
import { Logo } from '../ui/Logo.tsx'
import styles from './PrintedPhrase.module.css'
import { numbered } from './phrase-text.ts'

type Props = { readonly handle: string; readonly words: readonly string[] }

/** The sheet of paper: while it is in the document, printing prints it and nothing else. */
export function PrintedPhrase({ handle, words }: Props) {
  return createPortal(
    <div className={styles.sheet} translate="no" aria-hidden="true">
      <div className={styles.head}>
        <Logo size={40} />
        <div>
          <p className={styles.title}>Recovery phrase</p>
          <p>
            @{handle} · {location.host}
          </p>
        </div>
      </div>
      <ol className={styles.words}>
        {numbered(words).map(({ number, word }) => (
          <li key={number}>
            <span>{number}</span> <b>{word}</b>
          </li>
        ))}
      </ol>
      <p className={styles.note}>
        To come back without the password: open {location.host}, choose “Forgot your password?” and type these
        words in their order. Whoever has this sheet can do the same. Keep it where only you look.
      </p>
    </div>,
    document.body,
  )
}
