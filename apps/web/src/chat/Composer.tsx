import type { ChatSummary } from '@entangle/client'
import { SendHorizontal } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { askToKeepData } from '../engine/keep-data.ts'
import { useMedia } from '../state/hooks.ts'
import { problemOf } from '../state/problem.ts'
import { utf8Length } from '../text/counting.ts'
import { chatName } from '../text/names.ts'
import { cx } from '../ui/cx.ts'
import styles from './Composer.module.css'
import { useDraft } from './use-draft.ts'
import { useSendText } from './use-send-text.ts'
import { useTypingSignal } from './use-typing-signal.ts'

/** The protocol's limit for one message, in UTF-8 bytes. */
const LONGEST_BYTES = 16 * 1024
const COUNT_FROM_BYTES = LONGEST_BYTES - 1024

const growsByItself = typeof CSS !== 'undefined' && CSS.supports('field-sizing', 'content')

type Props = { readonly chat: ChatSummary; readonly onSent: () => void }

export function Composer({ chat, onSent }: Props) {
  const sendText = useSendText()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(chat.draft)
  const [problem, setProblem] = useState<string | null>(null)
  const touch = useMedia('(hover: none) and (pointer: coarse)')
  const draft = useDraft(chat.id, chat.draft)
  const typing = useTypingSignal(chat.id)

  // No UTF-16 unit takes more than three bytes, so short texts need no counting.
  const bytes = text.length * 3 < COUNT_FROM_BYTES ? 0 : utf8Length(text)
  const left = LONGEST_BYTES - bytes
  const ready = text.trim() !== '' && left >= 0

  useEffect(() => {
    if (touch) return
    // To focus is to lay out: with the next frame, which does that anyway.
    const frame = requestAnimationFrame(() => field.current?.focus({ preventScroll: true }))
    return () => cancelAnimationFrame(frame)
  }, [touch])

  // For browsers in which a textarea does not grow with its text.
  useLayoutEffect(() => {
    const element = field.current
    if (growsByItself || element === null) return
    element.style.height = 'auto'
    if (text !== '') element.style.height = `${element.scrollHeight + 2}px`
  }, [text])

  const change = (next: string) => {
    setText(next)
    setProblem(null)
    draft.change(next)
    typing.change(next)
  }

  const send = async () => {
    if (!ready) return
    const sent = text.trim()
    setText('')
    setProblem(null)
    draft.sent()
    typing.stop()
    field.current?.focus()
    try {
      const stored = sendText(chat.id, sent)
      onSent()
      await stored
      askToKeepData()
    } catch (error) {
      // Nothing typed is ever lost: it returns in front of what was typed since.
      setText(since => (since === '' ? sent : `${sent}\n${since}`))
      draft.change(sent)
      setProblem(problemOf(error).message)
    }
  }

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes, Enter belongs to it (229: Safari's way of saying so afterwards).
    if (event.key !== 'Enter' || event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.shiftKey || event.altKey || (touch && !event.ctrlKey && !event.metaKey)) return
    event.preventDefault()
    void send()
  }

  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void send()
  }

  return (
    <footer className={styles.composer} data-region="composer">
      {problem !== null && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <form className={styles.form} onSubmit={onSubmit}>
        <div className={styles.frame}>
          <textarea
            ref={field}
            className={styles.field}
            rows={1}
            value={text}
            onChange={event => change(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={typing.stop}
            aria-label={`Message ${chatName(chat)}`}
            placeholder="Message"
            enterKeyHint={touch ? 'enter' : 'send'}
            autoComplete="off"
            dir="auto"
          />
          {bytes > COUNT_FROM_BYTES && (
            <span className={cx(styles.count, left < 0 && styles.over)} role="status">
              {left < 0 ? `${-left} too many` : `${left} left`}
            </span>
          )}
        </div>
        <button
          type="submit"
          className={styles.send}
          aria-label="Send"
          title="Send"
          disabled={!ready}
          // The field keeps the focus, and the keyboard of a phone stays up.
          onPointerDown={event => event.preventDefault()}
        >
          <SendHorizontal size={20} />
        </button>
      </form>
    </footer>
  )
}
