import type { ChatId, TimelineWindow } from '@entangle/client'
import { useEffect } from 'react'
import { useApp, useAppContext } from '../state/app-context.ts'
import { forgetTimeline, receiveTimeline } from '../state/app-store.ts'

/** Keeps this chat's window open while the screen is; null until it has come. */
export function useOpenTimeline(chatId: ChatId): TimelineWindow | null {
  const { engine, store } = useAppContext()
  useEffect(() => {
    let open = true
    engine.request('openTimeline', { chatId, at: 'unread' }).then(
      window => {
        // The event may have come first, and be newer.
        if (open && store.getState().timelines[chatId] === undefined) receiveTimeline(store, window)
      },
      () => {
        // The chat is gone; the list says so too, and the screen follows the list.
      },
    )
    return () => {
      open = false
      forgetTimeline(store, chatId)
      engine.request('closeTimeline', { chatId }).catch(() => {})
    }
  }, [engine, store, chatId])
  return useApp(state => state.timelines[chatId] ?? null)
}
