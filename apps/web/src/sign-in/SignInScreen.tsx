import { useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { useApp } from '../state/app-context.ts'
import { Logo } from '../ui/Logo.tsx'
import { Notice } from '../ui/Notice.tsx'
import { SignInForm } from './SignInForm.tsx'
import styles from './SignInScreen.module.css'
import { SignUpForm } from './SignUpForm.tsx'
import { WelcomeBack } from './WelcomeBack.tsx'

/** One card: make an account, come back to the one kept here, or sign in by name. */
export function SignInScreen() {
  const [path, navigate] = useLocation()
  const session = useApp(state => state.session)
  const remembered = session.phase === 'signed-out' ? session.remembered : null
  const reason = session.phase === 'signed-out' ? session.reason : null

  // Whoever comes for the first time makes an account; the others sign in.
  const known = remembered !== null || reason !== null
  const mode =
    path === '/sign-up' ? 'sign-up' : path === '/sign-in' ? 'sign-in' : known ? 'return' : 'sign-up'

  // Whoever signed out in the settings does not want to come back to them.
  useEffect(() => {
    if (path === '/settings') navigate('/', { replace: true })
  }, [path, navigate])

  useEffect(() => {
    document.title = mode === 'sign-up' ? 'Create account · Entangle' : 'Sign in · Entangle'
  }, [mode])

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Logo size={52} />
        {reason === 'session-ended' && (
          <Notice tone="warning" role="status">
            You were signed out here. Sign in again to go on.
          </Notice>
        )}
        {reason === 'account-deleted' && (
          <Notice tone="neutral" role="status">
            Your account was deleted.
          </Notice>
        )}
        {mode === 'sign-up' ? (
          <>
            <SignUpForm />
            <p className={styles.other}>
              Have an account? <Link href="/sign-in">Sign in</Link>
            </p>
          </>
        ) : mode === 'return' && remembered !== null ? (
          <>
            <WelcomeBack account={remembered} />
            <p className={styles.other}>
              Not you? <Link href="/sign-in">Use another account</Link>
            </p>
          </>
        ) : (
          <>
            <SignInForm />
            <p className={styles.other}>
              New here? <Link href="/sign-up">Create an account</Link>
            </p>
          </>
        )}
      </div>
      <p className={styles.promise}>Only you and the people you write with can read your messages.</p>
    </main>
  )
}
