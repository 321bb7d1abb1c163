import { type AckFrame, ERRORS, errorCodeOfNumber, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { toEngineErrorData } from '../api/engine-errors.ts'
import { isText, type OutboxEntry } from './outbox-entry.ts'

export type AckOutcome =
  | { readonly kind: 'accepted'; readonly seq: number; readonly serverTime: number }
  /** The epoch is refused for good: the message may be encrypted once anew. */
  | { readonly kind: 'epoch-refused' }
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly code: keyof typeof ERRORS }

export function readAck(frame: AckFrame): AckOutcome {
  if (frame.status === 0) return { kind: 'accepted', seq: frame.seq, serverTime: frame.serverTime }
  const code = errorCodeOfNumber(frame.status)
  if (code === undefined) return { kind: 'refused', code: 'VERSION_UNSUPPORTED' }
  if (code === 'CHAT_EPOCH_STALE') return { kind: 'epoch-refused' }
  return ERRORS[code].retry === 'later' ? { kind: 'later' } : { kind: 'refused', code }
}

/**
 * Forgets the refused ciphertext, if it is still the one that was refused: a refusal may come twice, and one that is
 * of the epoch that was current then, or of a later one, was made after it.
 */
export const requeue = (
  { outbox, ledger }: Pick<AccountContext, 'outbox' | 'ledger'>,
  chatId: ChatId,
  { messageId, seq: epoch }: Pick<AckFrame, 'messageId' | 'seq'>,
): Promise<void> =>
  ledger.transact(transaction => {
    const entry = outbox.find(chatId, messageId)
    if (entry?.state.kind === 'sealed' && entry.state.sealed.epoch < epoch) {
      outbox.stagePut(transaction, { ...entry, state: { kind: 'queued' } })
    }
  })

/**
 * The server refuses the message itself. Of a text the ciphertext is kept: a retry sends the same bytes. A change of
 * the group is given up; nobody could see it wait.
 */
export function markFailed(
  context: AccountContext,
  chatId: ChatId,
  messageId: OutboxEntry['messageId'],
  code: keyof typeof ERRORS,
): Promise<void> {
  const { message, retry } = toEngineErrorData(new ProtocolError(code))
  const { outbox, ledger } = context
  return ledger.transact(transaction => {
    const entry = outbox.find(chatId, messageId)
    if (entry === undefined) return
    if (!isText(entry)) {
      outbox.stageRemove(transaction, entry)
      return
    }
    const sealed = entry.state.kind === 'sealed' ? entry.state.sealed : null
    const canRetry = retry !== 'never'
    outbox.stagePut(transaction, { ...entry, state: { kind: 'failed', code, message, canRetry, sealed } })
  })
}

/** Everything that waits in this chat, and is not kept, fails for the same reason. */
export async function failAll(
  context: AccountContext,
  chatId: ChatId,
  code: keyof typeof ERRORS,
  isKept: (entry: OutboxEntry) => boolean = () => false,
): Promise<void> {
  for (const entry of context.outbox.list(chatId)) {
    if (
      entry.state.kind !== 'failed' &&
      !isKept(entry) &&
      context.outbox.acceptance(entry.messageId) === undefined
    ) {
      await markFailed(context, chatId, entry.messageId, code)
    }
  }
}
