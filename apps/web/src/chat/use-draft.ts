import type { ChatId } from '@entangle/client'
import { useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'

const SETTLE_MS = 400

type Draft = {
  readonly change: (text: string) => void
  /** It was sent, and the engine takes it out of the draft by itself. */
  readonly sent: () => void
}

/** Keeps what is typed: after a pause, on leaving the chat, and when the page goes away. */
export function useDraft(chatId: ChatId, initial: string): Draft {
  const engine = useEngine()
  // One keeper for the life of the composer, which is made anew for each chat: what the engine echoes back must not disturb the typing.
  const [keeper] = useState(() => {
    let kept = initial
    let present = initial
    let timer: ReturnType<typeof setTimeout> | null = null
    const flush = () => {
      if (timer !== null) clearTimeout(timer)
      timer = null
      if (present === kept) return
      kept = present
      engine.request('setDraft', { chatId, text: present }).catch(() => {})
    }
    return {
      flush,
      change: (text: string) => {
        present = text
        timer ??= setTimeout(flush, SETTLE_MS)
      },
      sent: () => {
        if (timer !== null) clearTimeout(timer)
        timer = null
        present = ''
        kept = ''
      },
    }
  })

  useEffect(() => {
    const onHide = () => document.visibilityState === 'hidden' && keeper.flush()
    document.addEventListener('visibilitychange', onHide)
    addEventListener('pagehide', keeper.flush)
    return () => {
      document.removeEventListener('visibilitychange', onHide)
      removeEventListener('pagehide', keeper.flush)
      keeper.flush()
    }
  }, [keeper])
  return keeper
}
