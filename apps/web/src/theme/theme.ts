import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'entangle.theme'
const BAR_COLOUR = { light: '#F5F7F7', dark: '#161E20' } as const
const listeners = new Set<() => void>()
let current: Theme = 'system'

function parseTheme(value: string | null): Theme {
  return value === 'light' || value === 'dark' ? value : 'system'
}

function show(theme: Theme): void {
  current = theme
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light'
    meta.content = BAR_COLOUR[theme === 'system' ? own : theme]
  }
  for (const listener of listeners) listener()
}

/** Before the first paint, and whenever another tab changes the choice. */
export function startTheme(): void {
  show(parseTheme(localStorage.getItem(KEY)))
  addEventListener('storage', event => {
    if (event.key === KEY) show(parseTheme(event.newValue))
  })
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme)
  show(theme)
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}
