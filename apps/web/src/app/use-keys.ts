import type { ChatId } from '@entangle/client'
import { useEffect, useRef } from 'react'
import { listedChats } from '../chats/listed-chats.ts'
import { useAppContext } from '../state/app-context.ts'
import type { OpenDialog } from './shell-context.ts'

type Input = {
  readonly chatId: ChatId | null
  readonly dialogOpen: boolean
  readonly open: (dialog: OpenDialog) => void
  readonly navigate: (to: string) => void
}

/** Regions in the order F6 visits them, with what takes the focus in each. */
const REGIONS = [
  '[data-region="list"] [aria-current="page"], [data-region="list"] a, [data-region="list"] button',
  '[data-region="timeline"] article[tabindex="0"]',
  '[data-region="composer"] textarea, [data-region="composer"] button',
  '[data-region="details"] button',
  '[data-region="settings"] input',
] as const

/** Shortcuts that work everywhere. Single letters are never shortcuts while somebody types. */
export function useKeys(input: Input): void {
  const latest = useRef(input)
  latest.current = input
  const { store } = useAppContext()

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { chatId, dialogOpen, open, navigate } = latest.current
      if (dialogOpen || event.isComposing || event.defaultPrevented) return
      const command = event.ctrlKey || event.metaKey
      if (command && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        open('new-chat')
      } else if (command && (event.key === '/' || event.code === 'Slash')) {
        event.preventDefault()
        open('help')
      } else if (event.key === 'F6') {
        event.preventDefault()
        cycleRegions(event.shiftKey ? -1 : 1)
      } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        event.preventDefault()
        const chats = listedChats(store.getState().chats ?? [], chatId)
        const next = neighbour(chats, chatId, event.key === 'ArrowUp' ? -1 : 1, event.shiftKey)
        if (next !== null) navigate(`/chat/${next}`)
      } else if (event.key === 'Escape') stepOutward(chatId, navigate)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [store])
}

function neighbour(
  chats: readonly { readonly id: ChatId; readonly unread: number }[],
  current: ChatId | null,
  step: 1 | -1,
  unreadOnly: boolean,
): ChatId | null {
  const from = chats.findIndex(chat => chat.id === current)
  let index = from === -1 && step === -1 ? chats.length : from
  for (;;) {
    index += step
    const chat = chats[index]
    if (chat === undefined) return null
    if (!unreadOnly || chat.unread > 0) return chat.id
  }
}

function visible(selector: string): HTMLElement | null {
  for (const element of document.querySelectorAll<HTMLElement>(selector)) {
    if (element.checkVisibility()) return element
  }
  return null
}

function cycleRegions(step: 1 | -1): void {
  const region = document.activeElement?.closest('[data-region]')
  const here = REGIONS.findIndex(
    selector => region && selector.startsWith(`[data-region="${region.getAttribute('data-region')}"]`),
  )
  for (let count = 1; count <= REGIONS.length; count++) {
    const index =
      (here + step * count + REGIONS.length * 2 + (here === -1 && step === -1 ? 1 : 0)) % REGIONS.length
    const target = visible(REGIONS[index] ?? '')
    if (target !== null) {
      target.focus()
      return
    }
  }
}

/** Message → composer → list; from the settings back to the chats. Dialogs close themselves. */
function stepOutward(chatId: ChatId | null, navigate: (to: string) => void): void {
  const region = document.activeElement?.closest('[data-region]')?.getAttribute('data-region')
  if (region === 'settings') navigate('/')
  else if (region === 'timeline') visible('[data-region="composer"] textarea')?.focus()
  else if (chatId !== null && region !== 'list') {
    const entry = visible('[data-region="list"] [aria-current="page"]')
    if (entry === null) navigate('/')
    else entry.focus()
  }
}
