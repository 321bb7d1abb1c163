import { type FormEvent, useRef, useState } from 'react'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { DialogActions } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { isSameWord } from './phrase-text.ts'
import styles from './recovery.module.css'

type Props = {
  readonly words: readonly string[]
  /** Which words are asked for, counted from 1. */
  readonly places: readonly [number, number]
  readonly onBack: () => void
  readonly onRight: () => Promise<void>
}

/** Two words typed back: whoever has to look them up finds out now whether they were saved. */
export function CheckStep({ words, places, onBack, onRight }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const [typed, setTyped] = useState<readonly [string, string]>(['', ''])
  const [wrong, setWrong] = useState<ReadonlySet<number>>(new Set())
  const confirm = useTask(onRight)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const missed = places.filter((place, index) => !isSameWord(typed[index] ?? '', words[place - 1] ?? ''))
    setWrong(new Set(missed))
    const [first] = missed
    if (first === undefined) return void confirm.run(undefined)
    const field = form.current?.elements.namedItem(`word-${first}`)
    if (field instanceof HTMLElement) field.focus()
  }

  return (
    <form ref={form} onSubmit={submit} className={styles.step} noValidate>
      <p className={styles.text}>
        Look at what you saved and type two of the words. So you know that you can read it when you need it.
      </p>
      {confirm.problem && (
        <Notice tone="danger" role="alert">
          {confirm.problem.message}
        </Notice>
      )}
      <div className={styles.asked}>
        {places.map((place, index) => (
          <Field
            key={place}
            name={`word-${place}`}
            label={`Word ${place}`}
            value={typed[index] ?? ''}
            onChange={event => {
              const { value } = event.target
              setTyped(index === 0 ? [value, typed[1]] : [typed[0], value])
              setWrong(new Set([...wrong].filter(other => other !== place)))
            }}
            error={wrong.has(place) ? `This is not word ${place}. Look again.` : null}
            autoComplete="off"
            autoCapitalize="none"
            autoCorrect="off"
            // A spelling service would be told the word.
            spellCheck={false}
            autoFocus={index === 0}
          />
        ))}
      </div>
      <DialogActions>
        <Button onClick={onBack}>Show the words again</Button>
        <Button
          type="submit"
          look="primary"
          disabled={typed.some(text => text.trim() === '')}
          busy={confirm.busy}
        >
          Check
        </Button>
      </DialogActions>
    </form>
  )
}
