import type { GroupSummary } from '@entangle/client'
import { LIMITS } from '@entangle/protocol/limits'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Field, TextField } from '../ui/Field.tsx'
import { checkGroupName, checkGroupTopic } from './field-checks.ts'
import styles from './GroupDetails.module.css'

type Props = { readonly chat: GroupSummary; readonly onClose: () => void }

export function EditGroupForm({ chat, onClose }: Props) {
  const engine = useEngine()
  const [name, setName] = useState(chat.group.name)
  const [topic, setTopic] = useState(chat.group.topic)
  const [wrong, setWrong] = useState<{ name: string | null; topic: string | null }>({
    name: null,
    topic: null,
  })
  const save = useTask((change: { name?: string; topic?: string }) =>
    engine.request('editGroup', { chatId: chat.id, ...change }),
  )
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const found = { name: checkGroupName(name), topic: checkGroupTopic(topic) }
    setWrong(found)
    if (found.name !== null || found.topic !== null) return
    // What is left alone is not sent: somebody else may be changing it just now.
    const change = {
      ...(name.trim() === chat.group.name ? {} : { name: name.trim() }),
      ...(topic.trim() === chat.group.topic ? {} : { topic: topic.trim() }),
    }
    if (Object.keys(change).length === 0 || (await save.run(change))) onClose()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    onClose()
  }
  return (
    <form className={styles.edit} onSubmit={submit} onKeyDown={onKeyDown} noValidate>
      <Field
        label="Group name"
        value={name}
        onChange={event => {
          setName(event.target.value)
          setWrong({ ...wrong, name: null })
          save.clear()
        }}
        onFocus={event => event.target.select()}
        error={wrong.name ?? save.problem?.message ?? null}
        autoComplete="off"
        maxLength={LIMITS.groupNameLength}
        autoFocus
        required
      />
      <TextField
        label="Topic"
        rows={3}
        value={topic}
        onChange={event => {
          setTopic(event.target.value)
          setWrong({ ...wrong, topic: null })
          save.clear()
        }}
        error={wrong.topic}
        hint="What this group is about. All members see it."
        maxLength={LIMITS.groupTopicLength}
      />
      <div className={styles.editActions}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.busy}>
          Save
        </Button>
      </div>
    </form>
  )
}
