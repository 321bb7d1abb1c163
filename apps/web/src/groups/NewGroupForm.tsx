import type { ChatId } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { LIMITS } from '@entangle/protocol/limits'
import { type FormEvent, useRef, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { DialogActions } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { checkGroupName } from './field-checks.ts'
import styles from './NewGroupForm.module.css'
import { PeoplePicker } from './PeoplePicker.tsx'
import { PicturePicker } from './PicturePicker.tsx'

type Props = { readonly onBack: () => void; readonly onCreated: (chat: ChatId) => void }

export function NewGroupForm({ onBack, onCreated }: Props) {
  const engine = useEngine()
  const field = useRef<HTMLInputElement>(null)
  const peopleField = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const [picture, setPicture] = useState<Uint8Array | null>(null)
  const [pictureProblem, setPictureProblem] = useState<string | null>(null)
  const [people, setPeople] = useState<readonly AccountSummary[]>([])

  const create = useTask(async () => {
    const chatId = await engine.request('createGroup', {
      name: name.trim(),
      accountIds: people.map(person => person.accountId),
    })
    // The group is there; a picture that does not get in can be chosen again in it.
    if (picture !== null) await engine.request('editGroup', { chatId, picture }).catch(() => {})
    onCreated(chatId)
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found = checkGroupName(name)
    setWrong(found)
    if (found === null) void create.run(undefined)
    else field.current?.focus()
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {create.problem && (
        <Notice tone="danger" role="alert">
          {create.problem.message}
        </Notice>
      )}
      <div className={styles.top}>
        <PicturePicker
          name={name || 'New group'}
          seed={name}
          picture={picture}
          size="medium"
          onPick={setPicture}
          onProblem={setPictureProblem}
        />
        <div className={styles.name}>
          <Field
            ref={field}
            label="Group name"
            value={name}
            onChange={event => {
              setName(event.target.value)
              setWrong(null)
            }}
            error={wrong ?? pictureProblem}
            autoComplete="off"
            maxLength={LIMITS.groupNameLength}
            autoFocus
            required
          />
        </div>
      </div>
      <PeoplePicker input={peopleField} chosen={people} onChange={setPeople} />
      <DialogActions>
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" look="primary" busy={create.busy}>
          Create group
        </Button>
      </DialogActions>
    </form>
  )
}
