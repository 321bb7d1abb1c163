import type { ChatSummary } from '@entangle/client'
import { TriangleAlert } from 'lucide-react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Notice } from '../ui/Notice.tsx'
import styles from './IdentityWarning.module.css'

/** What the server tells of the chat has contradicted itself. Nobody reads more because of it. */
export function RecordDoubt({ chat }: { readonly chat: ChatSummary }) {
  const engine = useEngine()
  const dismiss = useTask(() => engine.request('dismissDoubt', { chatId: chat.id }))
  return (
    <div className={styles.place}>
      <Notice tone="warning" icon={<TriangleAlert size={18} aria-hidden="true" />} role="alert">
        <b>What the server shows of this chat does not fit together.</b> Messages may be missing or in another
        order. Nobody else can read them because of it.{' '}
        <button type="button" className={styles.link} onClick={() => void dismiss.run(undefined)}>
          Dismiss
        </button>
      </Notice>
    </div>
  )
}
