import type { ChatSummary, TimelineWindow } from '@entangle/client'
import type { AccountId, AccountSummary } from '@entangle/protocol'
import { useMemo } from 'react'
import { useAccount } from '../state/app-context.ts'

/** Whom a timeline's rows name. */
export type People = {
  readonly self: AccountId
  readonly find: (person: AccountId) => AccountSummary | undefined
}

export function usePeople(chat: ChatSummary, window: TimelineWindow): People {
  const self = useAccount()
  const peer = chat.kind === 'direct' ? chat.peer : null
  const { people } = window
  return useMemo(() => {
    const known = new Map(people.map(person => [person.accountId, person]))
    known.set(self.accountId, self)
    // The summary is told of a new name before the rows are.
    if (peer !== null) known.set(peer.accountId, peer)
    return { self: self.accountId, find: person => known.get(person) }
  }, [people, peer, self])
}
