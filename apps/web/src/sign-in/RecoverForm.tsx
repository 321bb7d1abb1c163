import { type FormEvent, useEffect, useState } from 'react'
import { checkPhrase, PHRASE_WORDS, wordsOf } from '../recovery/phrase-text.ts'
import { loadWordList } from '../recovery/word-list.ts'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Field, PasswordField, TextField } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { checkHandle } from './field-checks.ts'
import styles from './forms.module.css'
import { ratePassword } from './password-strength.ts'
import { focusField } from './SignUpForm.tsx'
import { StrengthHint } from './StrengthHint.tsx'

type Errors = { handle?: string | null; phrase?: string | null; password?: string | null }

const FIELDS = ['handle', 'phrase', 'password'] as const

/** Back in without the password: the name, the twelve words and a new password. */
export function RecoverForm({ knownHandle }: { readonly knownHandle: string }) {
  const engine = useEngine()
  const [handle, setHandle] = useState(knownHandle)
  const [phrase, setPhrase] = useState('')
  const [password, setPassword] = useState('')
  const [errors, setErrors] = useState<Errors>({})
  const list = useWordList()
  const recover = useTask((input: { handle: string; phrase: string; newPassword: string }) =>
    engine.request('recoverAccount', input),
  )
  const failedField = recover.problem === null ? null : fieldOfRecovery(recover.problem.code)
  const strength = ratePassword(password, handle)
  const words = wordsOf(phrase)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const found: Errors = {
      handle: checkHandle(handle) === null ? null : 'Enter your name as you chose it.',
      phrase: checkPhrase(phrase, list),
      password: strength.level === 'refused' ? strength.advice : null,
    }
    setErrors(found)
    const wrong = FIELDS.find(name => found[name])
    if (wrong !== undefined) return focusField(form, wrong)
    const done = await recover.run({ handle, phrase: words.join(' '), newPassword: password })
    if (!done) focusField(form, 'phrase')
  }

  const errorOf = (name: keyof Errors) =>
    errors[name] ?? (failedField === name ? (recover.problem?.message ?? null) : null)
  const edited = (name: keyof Errors) => {
    if (errors[name]) setErrors({ ...errors, [name]: null })
    if (failedField === name || (name === 'handle' && failedField === 'phrase')) recover.clear()
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.head}>
        <h1 className={styles.title}>Recover your account</h1>
        <p className={styles.lead}>With your recovery phrase you choose a new password and are back.</p>
      </div>
      {recover.problem && failedField === null && (
        <Notice tone="danger" role="alert">
          {recover.problem.message}
        </Notice>
      )}
      <Field
        label="Name"
        name="handle"
        prefix="@"
        value={handle}
        onChange={event => {
          setHandle(event.target.value.toLowerCase().replace(/^@|\s/g, ''))
          edited('handle')
        }}
        error={errorOf('handle')}
        autoComplete="username"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={32}
        autoFocus={knownHandle === ''}
        required
      />
      <TextField
        label="Recovery phrase"
        name="phrase"
        rows={3}
        value={phrase}
        onChange={event => {
          setPhrase(event.target.value)
          edited('phrase')
        }}
        onBlur={() => {
          if (words.length >= PHRASE_WORDS) setErrors({ ...errors, phrase: checkPhrase(phrase, list) })
        }}
        error={errorOf('phrase')}
        hint={
          words.length === 0
            ? 'The twelve words in their order, with or without numbers.'
            : `${words.length} of ${PHRASE_WORDS} words`
        }
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        // A spelling service would be told the words, a translation would change them.
        spellCheck={false}
        translate="no"
        autoFocus={knownHandle !== ''}
        required
      />
      <PasswordField
        label="New password"
        name="password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          edited('password')
        }}
        error={errorOf('password')}
        hint={<StrengthHint password={password} handle={handle} />}
        autoComplete="new-password"
        required
      />
      <Button type="submit" look="primary" wide busy={recover.busy}>
        Recover account
      </Button>
    </form>
  )
}

function fieldOfRecovery(code: string): keyof Errors | null {
  switch (code) {
    case 'ENGINE_HANDLE_INVALID':
      return 'handle'
    case 'AUTH_RECOVERY_WRONG':
    case 'ENGINE_PHRASE_INVALID':
    case 'VAULT_PHRASE_INVALID':
      return 'phrase'
    case 'ENGINE_PASSWORD_SHORT':
    case 'ENGINE_PASSWORD_LONG':
    case 'ENGINE_PASSWORD_WEAK':
    case 'ENGINE_PASSWORD_LIKE_NAME':
      return 'password'
    default:
      return null
  }
}

/** Null while it has not come, or cannot; then the words are judged by the account alone. */
function useWordList(): ReadonlySet<string> | null {
  const [list, setList] = useState<ReadonlySet<string> | null>(null)
  useEffect(() => {
    let here = true
    loadWordList().then(
      words => here && setList(words),
      () => {},
    )
    return () => {
      here = false
    }
  }, [])
  return list
}
