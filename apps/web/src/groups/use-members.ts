import type { GroupMember, GroupSummary } from '@entangle/client'
import { useCallback, useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'
import { reconcileList } from '../state/reconcile.ts'

type Answer = {
  /** Which state of the group it was read at. */
  readonly at: string
  readonly members: readonly GroupMember[] | null
  readonly problem: Problem | null
}

export type Members = Omit<Answer, 'at'> & { readonly reload: () => void }

/** The members of a group, read again whenever the group says that they may have changed. */
export function useMembers({ id, group }: Pick<GroupSummary, 'id' | 'group'>): Members {
  const engine = useEngine()
  const [tries, setTries] = useState(0)
  const [answer, setAnswer] = useState<Answer>({ at: '', members: null, problem: null })
  const at = `${group.revision} ${group.phase} ${tries}`

  useEffect(() => {
    let current = true
    engine.request('listMembers', { chatId: id }).then(
      read =>
        current &&
        setAnswer(before => ({
          at,
          members: reconcileList(before.members, read, member => member.account.accountId),
          problem: null,
        })),
      error => current && setAnswer(before => ({ ...before, at, problem: problemOf(error) })),
    )
    return () => {
      current = false
    }
  }, [engine, id, at])
  const reload = useCallback(() => setTries(count => count + 1), [])
  return { members: answer.members, problem: answer.problem, reload }
}
