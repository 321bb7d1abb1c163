import type { DeviceSummary } from '@entangle/client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useApp, useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'

export type Devices = {
  /** Null until they have come for the first time. */
  readonly list: readonly DeviceSummary[] | null
  readonly problem: Problem | null
  readonly reload: () => Promise<void>
}

/** The account's devices as the server has them now: asked for on opening, on coming back and after changes. */
export function useDevices(): Devices {
  const engine = useEngine()
  const online = useApp(state => state.connection.phase === 'online')
  const [list, setList] = useState<readonly DeviceSummary[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const latest = useRef(0)

  const reload = useCallback(async () => {
    const number = ++latest.current
    try {
      const devices = await engine.request('listDevices', {})
      if (number !== latest.current) return
      setList(devices)
      setProblem(null)
    } catch (error) {
      if (number === latest.current) setProblem(problemOf(error))
    }
  }, [engine])

  // Again whenever the connection comes or goes; what is on the screen stays while it is renewed.
  useEffect(() => {
    const renew = () => {
      if (online && document.visibilityState === 'visible') void reload()
    }
    if (online) renew()
    else void reload()
    document.addEventListener('visibilitychange', renew)
    return () => document.removeEventListener('visibilitychange', renew)
  }, [reload, online])

  useEffect(
    () => () => {
      latest.current++
    },
    [],
  )
  return { list, problem, reload }
}
