import type { GroupSummary } from '@entangle/client'
import { Pencil } from 'lucide-react'
import { useLayoutEffect, useRef, useState } from 'react'
import styles from '../chat/Details.module.css'
import { MessageText } from '../chat/MessageText.tsx'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { chatName, memberCount } from '../text/names.ts'
import { ChatAvatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { EditGroupForm } from './EditGroupForm.tsx'
import own from './GroupDetails.module.css'
import { phaseWords } from './group-text.ts'
import { PicturePicker } from './PicturePicker.tsx'

type Props = { readonly chat: GroupSummary; readonly manages: boolean }

/** Picture, name and topic; who runs the group changes them in place. */
export function GroupHead({ chat, manages }: Props) {
  const engine = useEngine()
  const [editing, setEditing] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const edit = useRef<HTMLButtonElement>(null)
  const { group } = chat
  const save = useTask((picture: Uint8Array | null) =>
    engine.request('editGroup', { chatId: chat.id, picture }),
  )
  const wasEditing = useRef(false)
  // In the very commit that brings the button back, before anything else takes the focus.
  useLayoutEffect(() => {
    if (wasEditing.current && !editing) edit.current?.focus()
    wasEditing.current = editing
  }, [editing])
  const wrong = problem ?? save.problem?.message ?? null

  return (
    <div className={styles.person}>
      {manages ? (
        <PicturePicker
          name={chatName(chat)}
          seed={chat.id}
          picture={group.picture}
          size="large"
          onPick={picture => void save.run(picture)}
          onProblem={setProblem}
        />
      ) : (
        <ChatAvatar chat={chat} size="large" />
      )}
      {wrong !== null && (
        <p className={own.wrong} role="alert">
          {wrong}
        </p>
      )}
      {editing ? (
        <EditGroupForm chat={chat} onClose={() => setEditing(false)} />
      ) : (
        <>
          <p className={styles.name}>{chatName(chat)}</p>
          <p className={styles.handle}>{phaseWords(group.phase) ?? memberCount(group.memberCount)}</p>
          {group.topic !== '' && (
            <p className={own.topic} dir="auto">
              <MessageText text={group.topic} />
            </p>
          )}
          {manages && (
            <div className={own.headActions}>
              <Button ref={edit} look="plain" onClick={() => setEditing(true)}>
                <Pencil size={16} />
                {group.topic === '' ? 'Edit name or add a topic' : 'Edit name and topic'}
              </Button>
              {group.picture !== null && (
                <Button look="plain" busy={save.busy} onClick={() => void save.run(null)}>
                  Remove picture
                </Button>
              )}
            </div>
          )}
        </>
      )}
    </div>
  )
}
