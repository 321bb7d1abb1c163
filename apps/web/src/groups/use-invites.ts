import type { GroupInvite, GroupSummary } from '@entangle/client'
import { useCallback, useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'

type Invites = {
  /** Null until they were read. */
  readonly invites: readonly GroupInvite[] | null
  readonly problem: Problem | null
  readonly reload: () => Promise<void>
}

export function useInvites({ id, group }: Pick<GroupSummary, 'id' | 'group'>): Invites {
  const engine = useEngine()
  const [read, setRead] = useState<{ readonly at: number; readonly invites: readonly GroupInvite[] | null }>({
    at: -1,
    invites: null,
  })
  const [problem, setProblem] = useState<Problem | null>(null)
  const { revision } = group
  const reload = useCallback(
    () =>
      engine.request('listInvites', { chatId: id }).then(
        invites => {
          setProblem(null)
          // An answer to an earlier question may come late.
          setRead(before => (before.at > revision ? before : { at: revision, invites }))
        },
        error => setProblem(problemOf(error)),
      ),
    [engine, id, revision],
  )
  useEffect(() => void reload(), [reload])
  return { invites: read.invites, problem, reload }
}
