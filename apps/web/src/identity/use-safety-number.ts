import type { AccountId } from '@entangle/protocol'
import { useCallback, useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'
import type { SafetyNumberData } from './safety-number.ts'

type Read = {
  readonly number: SafetyNumberData | null
  readonly problem: Problem | null
  readonly reload: () => Promise<void>
}

export function useSafetyNumber(accountId: AccountId): Read {
  const engine = useEngine()
  const [number, setNumber] = useState<SafetyNumberData | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const reload = useCallback(
    () =>
      engine
        .request('readSafetyNumber', { accountId })
        .then(setNumber, error => setProblem(problemOf(error))),
    [engine, accountId],
  )
  useEffect(() => {
    setNumber(null)
    setProblem(null)
    void reload()
  }, [reload])
  return { number, problem, reload }
}
