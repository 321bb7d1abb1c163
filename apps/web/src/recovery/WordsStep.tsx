import { Check, Copy, Download, Printer } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useAccount } from '../state/app-context.ts'
import { Button } from '../ui/Button.tsx'
import { DialogActions } from '../ui/Dialog.tsx'
import { Hidden } from '../ui/Hidden.tsx'
import { PrintedPhrase } from './PrintedPhrase.tsx'
import { numbered, phraseFile } from './phrase-text.ts'
import styles from './recovery.module.css'

type Props = {
  readonly words: readonly string[]
  /** Only looked at once more: nothing is asked afterwards. */
  readonly again: boolean
  readonly onNext: () => void
}

export function WordsStep({ words, again, onNext }: Props) {
  const account = useAccount()
  const start = useRef<HTMLParagraphElement>(null)
  const [said, setSaid] = useState<'copied' | 'not-copied' | 'downloaded' | null>(null)
  useEffect(() => start.current?.focus(), [])

  const copy = () =>
    navigator.clipboard.writeText(words.join(' ')).then(
      () => setSaid('copied'),
      () => setSaid('not-copied'),
    )
  const download = () => {
    saveAsFile(`entangle-recovery-${account.handle}.txt`, phraseFile(account.handle, words, location.origin))
    setSaid('downloaded')
  }

  return (
    <div className={styles.step}>
      <p ref={start} tabIndex={-1} className={styles.text}>
        {again ? 'These are your words, in their order.' : 'Write these words down, in their order.'} Whoever
        has them can open your account.
      </p>
      {/* A page translated by the browser would show words that open nothing. */}
      <ol className={styles.words} aria-label="Recovery phrase" translate="no">
        {numbered(words).map(({ number, word }) => (
          <li key={number}>
            <span className={styles.number}>{number}</span> <b>{word}</b>
          </li>
        ))}
      </ol>
      <div className={styles.ways}>
        <Button onClick={() => void copy()}>
          {said === 'copied' ? <Check size={17} /> : <Copy size={17} />}
          {said === 'copied' ? 'Copied' : 'Copy'}
        </Button>
        <Button onClick={download}>
          <Download size={17} />
          Download
        </Button>
        <Button onClick={() => print()}>
          <Printer size={17} />
          Print
        </Button>
      </div>
      <Hidden>
        <span role="status">
          {said === 'copied' ? 'Copied.' : said === 'downloaded' ? 'Saved as a file.' : ''}
        </span>
      </Hidden>
      {said === 'not-copied' && (
        <p className={styles.text} role="alert">
          The browser did not let the words be copied. Write them down or download them.
        </p>
      )}
      <DialogActions>
        <Button look="primary" onClick={onNext}>
          {again ? 'Done' : 'I have saved them'}
        </Button>
      </DialogActions>
      <PrintedPhrase handle={account.handle} words={words} />
    </div>
  )
}

function saveAsFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser has taken its copy once the click is done; some need a moment more.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
