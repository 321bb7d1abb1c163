import type { ChatId } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { UsersRound } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, type RefObject, useState } from 'react'
import { useApp, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { chatName, memberCount, personName } from '../text/names.ts'
import { Avatar, ChatAvatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Field } from '../ui/Field.tsx'
import { matchingChats } from './listed-chats.ts'
import styles from './NewChatForm.module.css'

const MOST_MATCHES = 5

type Props = {
  readonly input: RefObject<HTMLInputElement | null>
  readonly onOpen: (chat: ChatId) => void
  readonly onGroup: () => void
}

export function NewChatForm({ input, onOpen, onGroup }: Props) {
  const engine = useEngine()
  const chats = useApp(state => state.chats)
  const [text, setText] = useState('')
  const [found, setFound] = useState<AccountSummary | null>(null)
  const wanted = text.trim().replace(/^@/, '').toLowerCase()
  const matches = found === null ? matchingChats(chats ?? [], wanted).slice(0, MOST_MATCHES) : []

  const find = useTask(async () => setFound(await engine.request('findAccount', { handle: wanted })))
  const open = useTask(async (account: AccountSummary) => {
    onOpen(await engine.request('openDirectChat', { accountId: account.accountId }))
  })
  const problem = find.problem ?? open.problem

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const known = matches.find(chat => chat.kind === 'direct' && chat.peer.handle === wanted)
    if (known !== undefined) onOpen(known.id)
    else if (found !== null) void open.run(found)
    else if (wanted !== '') void find.run(undefined)
  }

  // Enter jumps to the chat that is marked; 'Find' always looks for the exact name.
  const jumps = wanted !== '' && matches.length > 0
  const onFieldKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const first = matches[0]
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && jumps && first !== undefined) {
      event.preventDefault()
      onOpen(first.id)
    } else if (event.key === 'ArrowDown') {
      event.preventDefault()
      event.currentTarget.form?.querySelector<HTMLElement>('[data-choice]')?.focus()
    }
  }

  return (
    <form className={styles.form} onSubmit={submit} onKeyDown={moveWithArrows} noValidate>
      <Field
        ref={input}
        label="Name"
        prefix="@"
        value={text}
        onChange={event => {
          setText(event.target.value)
          setFound(null)
          find.clear()
          open.clear()
        }}
        error={problem?.message ?? null}
        hint={found === null ? 'Type the whole name to find someone new.' : undefined}
        onKeyDown={onFieldKey}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={64}
      />
      {wanted === '' && (
        <button type="button" className={cx(styles.match, styles.group)} data-choice onClick={onGroup}>
          <span className={styles.sign} aria-hidden="true">
            <UsersRound size={19} />
          </span>
          <b>New group</b>
        </button>
      )}
      {matches.length > 0 && (
        <ul className={styles.matches} aria-label="Your chats">
          {matches.map((chat, index) => (
            <li key={chat.id}>
              <button
                type="button"
                className={cx(styles.match, index === 0 && jumps && styles.first)}
                data-choice
                onClick={() => onOpen(chat.id)}
              >
                <ChatAvatar chat={chat} size="small" />
                <span className={styles.names}>
                  <b>{chatName(chat)}</b>
                  <span>
                    {chat.kind === 'direct' ? `@${chat.peer.handle}` : memberCount(chat.group.memberCount)}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {found === null ? (
        <Button type="submit" look="primary" wide disabled={wanted === ''} busy={find.busy}>
          Find
        </Button>
      ) : (
        <div className={styles.card}>
          <div className={styles.person}>
            <Avatar account={found} />
            <span className={styles.names}>
              <b>{personName(found)}</b>
              <span>@{found.handle}</span>
            </span>
          </div>
          <Button type="submit" look="primary" wide busy={open.busy}>
            {`Write to ${personName(found)}`}
          </Button>
        </div>
      )}
    </form>
  )
}

/** Up and down among what can be chosen, and back into the field. */
function moveWithArrows(event: KeyboardEvent<HTMLFormElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0 || !(event.target instanceof HTMLElement) || !event.target.matches('[data-choice]')) return
  event.preventDefault()
  const choices = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-choice]')]
  const next = choices.indexOf(event.target) + step
  if (next < 0) event.currentTarget.querySelector('input')?.focus()
  else choices[Math.min(choices.length - 1, next)]?.focus()
}
