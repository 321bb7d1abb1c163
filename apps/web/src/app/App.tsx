import { lazy, Suspense } from 'react'
import { useApp } from '../state/app-context.ts'
import { AppShell } from './AppShell.tsx'
import { Starting } from './Starting.tsx'

const SignInScreen = lazy(async () => ({
  default: (await import('../sign-in/SignInScreen.tsx')).SignInScreen,
}))

export function App() {
  const phase = useApp(state => state.session.phase)
  switch (phase) {
    case 'starting':
      return <Starting />
    case 'signed-out':
      return (
        <Suspense fallback={<Starting />}>
          <SignInScreen />
        </Suspense>
      )
    case 'signed-in':
      return <AppShell />
  }
}
