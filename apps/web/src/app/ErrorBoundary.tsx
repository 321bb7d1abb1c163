import { Component, type ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Logo } from '../ui/Logo.tsx'
import styles from './ErrorBoundary.module.css'

type Props = { readonly children: ReactNode }
type State = { readonly failed: boolean }

/** The last net: a fault in the interface loses nothing, since messages and drafts live in the engine. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: false }

  static getDerivedStateFromError(): State {
    return { failed: true }
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <main className={styles.page}>
        <Logo />
        <h1 className={styles.title}>This screen stopped working</h1>
        <p className={styles.text}>
          Your messages and drafts are safe on this device. Reload the page to go on.
        </p>
        <Button look="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </main>
    )
  }
}
