import type { EngineConnection } from '@entangle/client'
import { createRoot } from 'react-dom/client'
import { createInvitationStore } from '../join/invitation.ts'
import { AppContext } from '../state/app-context.ts'
import { createAppStore } from '../state/app-store.ts'
import { readLastVisit, rememberVisit } from '../state/last-visit.ts'
import { startTheme } from '../theme/theme.ts'
import { App } from './App.tsx'
import { ErrorBoundary } from './ErrorBoundary.tsx'

export function renderApp(engine: EngineConnection): void {
  const root = document.getElementById('root')
  if (root === null) throw new Error('The page has no root element.')
  startTheme()
  const store = createAppStore(engine, readLastVisit(localStorage))
  engine.on('session', session => rememberVisit(localStorage, session))
  const invitation = createInvitationStore(location, history)
  createRoot(root).render(
    <ErrorBoundary>
      <AppContext value={{ engine, store, invitation }}>
        <App />
      </AppContext>
    </ErrorBoundary>,
  )
}
