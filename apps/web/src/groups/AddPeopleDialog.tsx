import type { GroupMember, GroupSummary } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { type FormEvent, useMemo, useRef, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { joinNames, personName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './NewGroupForm.module.css'
import { PeoplePicker } from './PeoplePicker.tsx'

type Props = {
  readonly chat: GroupSummary
  readonly members: readonly GroupMember[]
  readonly onClose: () => void
}

export function AddPeopleDialog({ chat, members, onClose }: Props) {
  const engine = useEngine()
  const input = useRef<HTMLInputElement>(null)
  const [people, setPeople] = useState<readonly AccountSummary[]>([])
  const [missing, setMissing] = useState<readonly string[]>([])
  const present = useMemo(() => new Set(members.map(({ account }) => account.accountId)), [members])

  const add = useTask(async () => {
    const answer = await engine.request('addMembers', {
      chatId: chat.id,
      accountIds: people.map(person => person.accountId),
    })
    const left = people.filter(person => answer.missing.includes(person.accountId))
    setPeople(left)
    setMissing(left.map(personName))
    if (left.length === 0) onClose()
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing([])
    void add.run(undefined)
  }
  return (
    <Dialog title="Add people" onClose={onClose} initialFocus={input}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {(add.problem !== null || missing.length > 0) && (
          <Notice tone={add.problem === null ? 'warning' : 'danger'} role="alert">
            {add.problem?.message ??
              `${joinNames(missing)} could not be added: the account is gone, or was never used yet.`}
          </Notice>
        )}
        <PeoplePicker input={input} chosen={people} onChange={setPeople} present={present} />
        <p className={styles.note}>They read what is written from now on, not what was said before.</p>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={people.length === 0} busy={add.busy}>
            {people.length > 1 ? `Add ${people.length} people` : 'Add'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
