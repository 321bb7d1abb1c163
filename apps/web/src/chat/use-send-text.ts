import type { ChatId } from '@entangle/client'
import { randomId } from '@entangle/client/browser'
import type { MessageId } from '@entangle/protocol'
import { useCallback } from 'react'
import { useAccount, useAppContext } from '../state/app-context.ts'
import { changeSending } from '../state/app-store.ts'
import { sendingRow } from '../state/sending.ts'

/** Shows the message in the frame of the key press; the answer comes when it is stored, or cannot be. */
export function useSendText(): (chatId: ChatId, text: string) => Promise<void> {
  const { engine, store } = useAppContext()
  const { accountId } = useAccount()
  return useCallback(
    async (chatId, text) => {
      const messageId = randomId() as MessageId
      const row = sendingRow({ messageId, text, time: Date.now() }, accountId)
      changeSending(store, chatId, rows => [...rows, row])
      try {
        await engine.request('sendText', { chatId, text }, messageId)
      } finally {
        // The engine's own row of the same id has come before its answer.
        changeSending(store, chatId, rows => rows.filter(other => other.messageId !== messageId))
      }
    },
    [engine, store, accountId],
  )
}
