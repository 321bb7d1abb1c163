import type { ChatId } from '@entangle/client'
import { useEffect, useMemo } from 'react'
import { useEngine } from '../state/app-context.ts'

const REPEAT_MS = 4_000
const IDLE_MS = 5_000

type TypingSignal = { readonly change: (text: string) => void; readonly stop: () => void }

/** Says 'typing' at most every few seconds, and takes it back after a pause. */
export function useTypingSignal(chatId: ChatId): TypingSignal {
  const engine = useEngine()
  const signal = useMemo(() => {
    let saidAt = 0
    let idle: ReturnType<typeof setTimeout> | null = null
    const say = (active: boolean) => {
      engine.request('setTyping', { chatId, active }).catch(() => {})
    }
    const stop = () => {
      if (idle !== null) clearTimeout(idle)
      idle = null
      if (saidAt === 0) return
      saidAt = 0
      say(false)
    }
    const change = (text: string) => {
      if (text.trim() === '') return stop()
      if (idle !== null) clearTimeout(idle)
      idle = setTimeout(stop, IDLE_MS)
      if (Date.now() - saidAt < REPEAT_MS) return
      saidAt = Date.now()
      say(true)
    }
    return { change, stop }
  }, [engine, chatId])
  useEffect(() => signal.stop, [signal])
  return signal
}
