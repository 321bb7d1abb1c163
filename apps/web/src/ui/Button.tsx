import type { ComponentProps, ReactNode } from 'react'
import styles from './Button.module.css'
import { cx } from './cx.ts'

type ButtonProps = ComponentProps<'button'> & {
  readonly look?: 'primary' | 'quiet' | 'plain' | 'danger'
  readonly wide?: boolean
  /** Keeps its place and its focus while the request runs. */
  readonly busy?: boolean
}

export function Button({ look = 'quiet', wide, busy, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={event => {
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
      className={cx(styles.button, styles[look], wide && styles.wide, busy && styles.busy, className)}
    >
      <span className={styles.label}>{children}</span>
      {busy && <span className={styles.spinner} aria-hidden="true" />}
    </button>
  )
}

type IconButtonProps = ComponentProps<'button'> & { readonly label: string; readonly children: ReactNode }

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button type="button" title={label} aria-label={label} {...rest} className={cx(styles.icon, className)}>
      {children}
    </button>
  )
}
