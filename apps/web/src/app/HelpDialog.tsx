import { Dialog } from '../ui/Dialog.tsx'
import styles from './HelpDialog.module.css'

const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl'

const KEYS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['Enter'], 'Send'],
  [['Shift', 'Enter'], 'New line'],
  [[command, 'K'], 'New chat, or jump to one'],
  [['Alt', '↑ ↓'], 'Previous or next chat'],
  [['Alt', 'Shift', '↑ ↓'], 'Previous or next unread chat'],
  [['F6'], 'Next part of the window'],
  [['↑ ↓'], 'From message to message'],
  [['Esc'], 'One step back'],
  [[command, '/'], 'This help'],
]

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map(([keys, meaning]) => (
          <div key={meaning} className={styles.row}>
            <dt>{meaning}</dt>
            <dd>
              {keys.map(key => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
