import type { ReactNode } from 'react'
import { useTask } from '../state/problem.ts'
import { Button } from './Button.tsx'
import styles from './ConfirmDialog.module.css'
import { Dialog, DialogActions } from './Dialog.tsx'
import { Notice } from './Notice.tsx'

type Props = {
  readonly title: string
  /** What will happen, in full sentences. */
  readonly children: ReactNode
  /** The word on the button that does it. */
  readonly action: string
  readonly look?: 'primary' | 'danger'
  readonly onConfirm: () => Promise<unknown>
  readonly onDone: () => void
  readonly onClose: () => void
}

/** Asks once more before something that others will notice or that cannot be taken back. */
export function ConfirmDialog(props: Props) {
  const { title, children, action, look = 'danger', onConfirm, onDone, onClose } = props
  const task = useTask(onConfirm)
  const confirm = async () => {
    if (await task.run(undefined)) onDone()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={styles.text}>{children}</div>
      {task.problem && (
        <Notice tone="danger" role="alert">
          {task.problem.message}
        </Notice>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look={look} busy={task.busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
