import { createContext, useContext } from 'react'

export type OpenDialog = 'new-chat' | 'help' | 'recovery'

export const ShellContext = createContext<(dialog: OpenDialog) => void>(() => {})

export function useOpenDialog(): (dialog: OpenDialog) => void {
  return useContext(ShellContext)
}
