import type { ChatId, ChatSummary } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useApp, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { listedChats } from './listed-chats.ts'
import styles from './NewChatDialog.module.css'

const MOST_MATCHES = 5

/** Jump to a chat by any part of its name, or find somebody by their exact name. */
export function NewChatDialog({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const chats = useApp(state => state.chats)
  const [, navigate] = useLocation()
  const [text, setText] = useState('')
  const [found, setFound] = useState<AccountSummary | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const left = useRef(false)
  const handle = text.trim().replace(/^@/, '').toLowerCase()
  const matches = found === null ? matchingChats(chats ?? [], handle) : []

  const find = useTask(async () => setFound(await engine.request('findAccount', { handle })))
  const open = useTask(async (account: AccountSummary) => {
    goTo(await engine.request('openDirectChat', { accountId: account.accountId }))
  })
  const problem = find.problem ?? open.problem

  const goTo = (id: ChatId) => {
    left.current = true
    navigate(`/chat/${id}`)
    onClose()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const known = matches.find(chat => chat.peer.handle === handle)
    if (known !== undefined) goTo(known.id)
    else if (found !== null) void open.run(found)
    else if (handle !== '') void find.run(undefined)
  }

  // Enter jumps to the chat that is marked; 'Find' always looks for the exact name.
  const jumps = handle !== '' && matches.length > 0
  const onFieldKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const first = matches[0]
    if (event.nativeEvent.isComposing || first === undefined) return
    if (event.key === 'Enter' && jumps) {
      event.preventDefault()
      goTo(first.id)
    } else if (event.key === 'ArrowDown') {
      event.preventDefault()
      event.currentTarget.form?.querySelector<HTMLElement>('li button')?.focus()
    }
  }

  return (
    <Dialog title="New chat" onClose={onClose} initialFocus={input} returnsFocus={() => !left.current}>
      <form onSubmit={submit} className={styles.form} noValidate>
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
        {matches.length > 0 && (
          <ul className={styles.matches} aria-label="Your chats" onKeyDown={moveWithArrows}>
            {matches.map((chat, index) => (
              <li key={chat.id}>
                <button
                  type="button"
                  className={cx(styles.match, index === 0 && jumps && styles.first)}
                  onClick={() => goTo(chat.id)}
                >
                  <Avatar account={chat.peer} size="small" />
                  <span className={styles.names}>
                    <b>{chat.peer.displayName}</b>
                    <span>@{chat.peer.handle}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {found === null ? (
          <Button type="submit" look="primary" wide disabled={handle === ''} busy={find.busy}>
            Find
          </Button>
        ) : (
          <div className={styles.card}>
            <div className={styles.person}>
              <Avatar account={found} />
              <span className={styles.names}>
                <b>{found.displayName}</b>
                <span>@{found.handle}</span>
              </span>
            </div>
            <Button type="submit" look="primary" wide busy={open.busy}>
              {`Write to ${found.displayName}`}
            </Button>
          </div>
        )}
      </form>
    </Dialog>
  )
}

function matchingChats(chats: readonly ChatSummary[], text: string): readonly ChatSummary[] {
  const listed = listedChats(chats, null)
  if (text === '') return listed.slice(0, MOST_MATCHES)
  const rank = ({ peer }: ChatSummary) => {
    const name = peer.displayName.toLowerCase()
    if (peer.handle === text) return 0
    if (peer.handle.startsWith(text) || name.startsWith(text)) return 1
    return peer.handle.includes(text) || name.includes(text) ? 2 : 3
  }
  return listed
    .filter(chat => rank(chat) < 3)
    .sort((left, right) => rank(left) - rank(right))
    .slice(0, MOST_MATCHES)
}

function moveWithArrows(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  event.preventDefault()
  const buttons = [...event.currentTarget.querySelectorAll<Element>('button')]
  const here = document.activeElement === null ? -1 : buttons.indexOf(document.activeElement)
  const next = buttons[Math.max(0, Math.min(buttons.length - 1, here + step))]
  if (next instanceof HTMLElement) next.focus()
}
