import type { AccountId } from '@entangle/protocol'
import { useCallback, useEffect, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'
import type { SafetyNumberData } from './safety-number.ts'

type Answer = {
  /** For whom, and at which stamp, it was asked. */
  readonly at: string
  readonly number: SafetyNumberData | null
  readonly problem: Problem | null
}

/** `stamp`: when it is another one, the number is read again; until then the former one stands. */
export function useSafetyNumber(
  accountId: AccountId,
  stamp: string,
): Omit<Answer, 'at'> & { readonly reload: () => Promise<void> } {
  const engine = useEngine()
  const [answer, setAnswer] = useState<Answer>({ at: '', number: null, problem: null })
  const at = `${accountId} ${stamp}`
  const reload = useCallback(
    () =>
      engine.request('readSafetyNumber', { accountId }).then(
        number => setAnswer({ at, number, problem: null }),
        error => setAnswer({ at, number: null, problem: problemOf(error) }),
      ),
    [engine, accountId, at],
  )
  useEffect(() => void reload(), [reload])
  const isSomebodyElses = !answer.at.startsWith(accountId)
  return isSomebodyElses ? { number: null, problem: null, reload } : { ...answer, reload }
}
