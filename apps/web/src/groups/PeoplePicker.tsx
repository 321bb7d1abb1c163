import type { AccountId, AccountSummary } from '@entangle/protocol'
import { X } from 'lucide-react'
import { type KeyboardEvent, type RefObject, useState } from 'react'
import { useAccount, useApp, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { personName } from '../text/names.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { Field } from '../ui/Field.tsx'
import styles from './PeoplePicker.module.css'
import { knownPeople, matchingPeople, refusal } from './people.ts'

const NOBODY: ReadonlySet<AccountId> = new Set()

type Props = {
  readonly input: RefObject<HTMLInputElement | null>
  readonly chosen: readonly AccountSummary[]
  readonly onChange: (chosen: readonly AccountSummary[]) => void
  /** In the group already. */
  readonly present?: ReadonlySet<AccountId>
}

/** People by the chats one has with them, or by their exact name. */
export function PeoplePicker({ input, chosen, onChange, present = NOBODY }: Props) {
  const engine = useEngine()
  const self = useAccount()
  const chats = useApp(state => state.chats)
  const [text, setText] = useState('')
  const [refused, setRefused] = useState<string | null>(null)
  const handle = text.trim().replace(/^@/, '').toLowerCase()
  const known = knownPeople(chats ?? []).filter(person => !present.has(person.accountId))
  const matches = matchingPeople(known, handle)
  const isChosen = ({ accountId }: AccountSummary) => chosen.some(person => person.accountId === accountId)

  const put = (person: AccountSummary) => {
    const reason = refusal(person, self, present)
    setRefused(reason)
    if (reason !== null) return
    setText('')
    if (!isChosen(person)) onChange([...chosen, person])
    input.current?.focus()
  }
  const take = ({ accountId }: AccountSummary) =>
    onChange(chosen.filter(person => person.accountId !== accountId))
  const find = useTask(async () => put(await engine.request('findAccount', { handle })))

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return
    const [first] = matches
    const last = chosen.at(-1)
    if (event.key === 'Enter' && handle !== '') {
      event.preventDefault()
      if (first === undefined) void find.run(undefined)
      else put(first)
    } else if (event.key === 'Enter') {
      // An empty field must not send the form around it by accident.
      event.preventDefault()
    } else if (event.key === 'Backspace' && text === '' && last !== undefined) take(last)
  }

  return (
    <div className={styles.picker}>
      {chosen.length > 0 && (
        <ul className={styles.chips} aria-label="Chosen people">
          {chosen.map(person => (
            <li key={person.accountId} className={styles.chip}>
              <Avatar account={person} size="tiny" />
              <span>{personName(person)}</span>
              <button
                type="button"
                className={styles.drop}
                aria-label={`Take ${personName(person)} out again`}
                onClick={() => {
                  take(person)
                  input.current?.focus()
                }}
              >
                <X size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Field
        ref={input}
        label="People"
        prefix="@"
        value={text}
        onChange={event => {
          setText(event.target.value)
          setRefused(null)
          find.clear()
        }}
        onKeyDown={onKeyDown}
        error={refused ?? find.problem?.message ?? null}
        hint={
          known.length === 0 ? 'Type the whole name and press Find.' : 'Choose below, or type a whole name.'
        }
        addition={
          <Button
            look="plain"
            className={styles.find}
            disabled={handle === ''}
            busy={find.busy}
            onClick={() => void find.run(undefined)}
          >
            Find
          </Button>
        }
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={64}
      />
      {matches.length > 0 && (
        <ul className={styles.matches} aria-label="People you write with">
          {matches.map(person => (
            <li key={person.accountId}>
              <label className={styles.match}>
                <Avatar account={person} size="small" />
                <span className={styles.names}>
                  <b>{personName(person)}</b>
                  <span>@{person.handle}</span>
                </span>
                <input
                  type="checkbox"
                  checked={isChosen(person)}
                  onChange={() => (isChosen(person) ? take(person) : put(person))}
                />
              </label>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
