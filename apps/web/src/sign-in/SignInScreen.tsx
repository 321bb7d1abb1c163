import { UsersRound } from 'lucide-react'
import { useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { useApp, useInvitation } from '../state/app-context.ts'
import { Logo } from '../ui/Logo.tsx'
import { Notice } from '../ui/Notice.tsx'
import { RecoverForm } from './RecoverForm.tsx'
import { ResetForm } from './ResetForm.tsx'
import { SignInForm } from './SignInForm.tsx'
import styles from './SignInScreen.module.css'
import { SignUpForm } from './SignUpForm.tsx'
import { WelcomeBack } from './WelcomeBack.tsx'

const MODES: Readonly<Record<string, 'sign-up' | 'sign-in' | 'recover' | 'reset'>> = {
  '/sign-up': 'sign-up',
  '/sign-in': 'sign-in',
  '/recover': 'recover',
  '/reset': 'reset',
}

const TITLES = {
  'sign-up': 'Create account · Entangle',
  'sign-in': 'Sign in · Entangle',
  return: 'Sign in · Entangle',
  recover: 'Recover your account · Entangle',
  reset: 'Start your account anew · Entangle',
} as const

/** One card: make an account, come back to the one kept here, sign in by name, or by the recovery phrase. */
export function SignInScreen() {
  const [path, navigate] = useLocation()
  const session = useApp(state => state.session)
  const { link } = useInvitation()
  const remembered = session.phase === 'signed-out' ? session.remembered : null
  const reason = session.phase === 'signed-out' ? session.reason : null

  // Whoever comes for the first time makes an account; the others sign in.
  const known = remembered !== null || reason !== null
  const mode = MODES[path] ?? (known ? 'return' : 'sign-up')

  // Whoever signed out in the settings does not want to come back to them.
  useEffect(() => {
    if (path === '/settings') navigate('/', { replace: true })
  }, [path, navigate])

  useEffect(() => {
    document.title = TITLES[mode]
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
        {reason === 'device-removed' && (
          <Notice tone="warning" role="status">
            This device was signed out from another one of yours. Sign in again to use it.
          </Notice>
        )}
        {reason === 'account-deleted' && (
          <Notice tone="neutral" role="status">
            Your account was deleted.
          </Notice>
        )}
        {link !== null && (
          <Notice tone="good" icon={<UsersRound size={18} aria-hidden="true" />} role="status">
            <b>An invitation to a group waits for you.</b>{' '}
            {mode === 'sign-up' ? 'Create your account' : 'Sign in'}, then you can look at it and decide.
          </Notice>
        )}
        {mode === 'sign-up' ? (
          <>
            <SignUpForm />
            <p className={styles.other}>
              Have an account? <Link href="/sign-in">Sign in</Link>
            </p>
          </>
        ) : mode === 'recover' ? (
          <>
            <RecoverForm knownHandle={remembered?.handle ?? ''} />
            <p className={styles.forgot}>
              No words either? <Link href="/reset">I have a reset code</Link>
            </p>
            <BackToSignIn remembered={remembered !== null} />
          </>
        ) : mode === 'reset' ? (
          <>
            <ResetForm knownHandle={remembered?.handle ?? ''} />
            <p className={styles.forgot}>
              Found your words? <Link href="/recover">Use the recovery phrase</Link>
            </p>
            <BackToSignIn remembered={remembered !== null} />
          </>
        ) : mode === 'return' && remembered !== null ? (
          <>
            <WelcomeBack account={remembered} />
            <ForgotPassword />
            <p className={styles.other}>
              Not you? <Link href="/sign-in">Use another account</Link>
            </p>
          </>
        ) : (
          <>
            <SignInForm />
            <ForgotPassword />
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

function BackToSignIn({ remembered }: { readonly remembered: boolean }) {
  return (
    <p className={styles.other}>
      Remember it after all? <Link href={remembered ? '/' : '/sign-in'}>Back to sign in</Link>
    </p>
  )
}

function ForgotPassword() {
  return (
    <p className={styles.forgot}>
      <Link href="/recover">Forgot your password?</Link>
    </p>
  )
}
