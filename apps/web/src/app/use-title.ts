import type { ChatId } from '@entangle/client'
import { useEffect } from 'react'
import { useApp } from '../state/app-context.ts'
import { pageTitle } from '../text/counting.ts'
import { chatName } from '../text/names.ts'

/** The page's title and icon say how much waits, also from a tab in the background. */
export function useTitle(chatId: ChatId | null, inSettings: boolean): void {
  const unread = useApp(state => (state.chats ?? []).reduce((sum, chat) => sum + chat.unread, 0))
  const name = useApp(state => {
    const chat = state.chats?.find(({ id }) => id === chatId)
    return chat === undefined ? null : chatName(chat)
  })
  const place = inSettings ? 'Settings' : name

  useEffect(() => {
    document.title = pageTitle(unread, place)
  }, [unread, place])

  const dot = unread > 0
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    const file = dot ? '/icon-unread.svg' : '/icon.svg'
    // Naming the same again would fetch and draw it again.
    if (icon !== null && icon.getAttribute('href') !== file) icon.href = file
  }, [dot])
}
