import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, type ReactNode, useId, useState } from 'react'
import { IconButton } from './Button.tsx'
import { cx } from './cx.ts'
import styles from './Field.module.css'

type FieldProps = Omit<ComponentProps<'input'>, 'prefix'> & {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | null | undefined
  readonly prefix?: string
  /** Stands inside the field at its end. */
  readonly addition?: ReactNode
}

type FrameProps = Pick<FieldProps, 'label' | 'hint' | 'error'> & {
  readonly children: (control: {
    readonly id: string
    readonly 'aria-invalid': true | undefined
    readonly 'aria-describedby': string | undefined
  }) => ReactNode
}

/** Label above, hint or error below, and what is typed into between them. */
function Labelled({ label, hint, error, children }: FrameProps) {
  const id = useId()
  const described = error || hint ? `${id}-note` : undefined
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <div className={cx(styles.frame, error && styles.wrong)}>
        {children({ id, 'aria-invalid': error ? true : undefined, 'aria-describedby': described })}
      </div>
      {described && (
        <div
          id={described}
          className={cx(styles.note, error && styles.noteWrong)}
          role={error ? 'alert' : undefined}
        >
          {error ?? hint}
        </div>
      )}
    </div>
  )
}

export function Field({ label, hint, error, prefix, addition, className, ...input }: FieldProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {control => (
        <>
          {prefix && (
            <span className={styles.prefix} aria-hidden="true">
              {prefix}
            </span>
          )}
          <input {...input} {...control} className={cx(styles.input, className)} />
          {addition}
        </>
      )}
    </Labelled>
  )
}

type TextFieldProps = ComponentProps<'textarea'> & Pick<FieldProps, 'label' | 'hint' | 'error'>

/** Several lines. */
export function TextField({ label, hint, error, className, ...textarea }: TextFieldProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {control => (
        <textarea {...textarea} {...control} className={cx(styles.input, styles.lines, className)} />
      )}
    </Labelled>
  )
}

export function PasswordField(props: Omit<FieldProps, 'type' | 'addition'>) {
  const [visible, setVisible] = useState(false)
  return (
    <Field
      {...props}
      type={visible ? 'text' : 'password'}
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      addition={
        <IconButton
          label={visible ? 'Hide password' : 'Show password'}
          className={styles.eye}
          onClick={() => setVisible(!visible)}
        >
          {visible ? <EyeOff size={18} /> : <Eye size={18} />}
        </IconButton>
      }
    />
  )
}
