import type { ChatId, TimelineWindow } from '@entangle/client'
import { useEffect } from 'react'
import { useApp, useAppContext } from '../state/app-context.ts'
import { forgetTimeline, receiveTimeline } from '../state/app-store.ts'

/** Keeps this chat's window open while it is `wanted`; null until it has come. */
export function useOpenTimeline(chatId: ChatId, wanted: boolean): TimelineWindow | null {
  const { engine, store } = useAppContext()
  useEffect(() => {
    if (!wanted) return
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
  }, [engine, store, chatId, wanted])
  return useApp(state => state.timelines[chatId] ?? null)
}
