import { SignInScreen } from '../sign-in/SignInScreen.tsx'
import { useApp } from '../state/app-context.ts'
import { AppShell } from './AppShell.tsx'
import { Starting } from './Starting.tsx'

export function App() {
  const phase = useApp(state => state.session.phase)
  const lastVisit = useApp(state => state.lastVisit)
  if (phase === 'signed-out') return <SignInScreen />
  // Whoever was signed in sees the frame at once, and what is in it when the engine has read it.
  return phase === 'signed-in' || lastVisit === 'signed-in' ? <AppShell /> : <Starting />
}
