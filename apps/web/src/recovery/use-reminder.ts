import { useState } from 'react'
import { useApp, useEngine } from '../state/app-context.ts'
import { useNow } from '../state/hooks.ts'
import { hasSomethingToLose, isPutOff, PUT_OFF } from './reminder.ts'

export function usePhraseSaved(): boolean {
  return useApp(state => state.session.phase !== 'signed-in' || state.session.recoverySaved)
}

export function useReminder(): { readonly due: boolean; readonly later: () => void } {
  const engine = useEngine()
  const saved = usePhraseSaved()
  const worthIt = useApp(state => state.chats !== null && hasSomethingToLose(state.chats))
  const stored = useApp(state => state.settings[PUT_OFF])
  const now = useNow()
  const [away, setAway] = useState<number | null>(null)
  const putOffAt = Math.max(away ?? 0, typeof stored === 'number' ? stored : 0)
  // The minute's clock may be behind the moment of putting off.
  const quiet = putOffAt > 0 && isPutOff(putOffAt, Math.max(now, away ?? 0))

  const later = () => {
    const time = Date.now()
    setAway(time)
    // Not kept, it is asked again after the next start; nothing else hangs on it.
    engine.request('writeSetting', { name: PUT_OFF, value: time }).catch(() => {})
  }
  return { due: !saved && worthIt && !quiet, later }
}
