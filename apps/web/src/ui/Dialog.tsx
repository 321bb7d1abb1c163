import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { IconButton } from './Button.tsx'
import { cx } from './cx.ts'
import styles from './Dialog.module.css'

type Props = {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  /** `sheet` comes in from the side and fills the height. */
  readonly shape?: 'card' | 'sheet'
  readonly initialFocus?: RefObject<HTMLElement | null>
  /** False when the focus is not to return to where it was, because the screen behind has changed. */
  readonly returnsFocus?: () => boolean
}

/** Modal; lives as long as it is rendered. Always reached through a lazy chunk. */
export function Dialog({ title, onClose, children, shape = 'card', initialFocus, returnsFocus }: Props) {
  return (
    <Base.Root open onOpenChange={open => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          className={cx(styles.popup, styles[shape])}
          {...(initialFocus === undefined ? {} : { initialFocus })}
          {...(returnsFocus === undefined ? {} : { finalFocus: returnsFocus })}
        >
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close
              render={
                <IconButton label="Close">
                  <X size={20} />
                </IconButton>
              }
            />
          </header>
          <div className={styles.body}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>
}
