import type { DeviceSummary } from '@entangle/client'
import type { DeviceId } from '@entangle/protocol'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useApp, useEngine } from '../state/app-context.ts'
import { type Problem, problemOf } from '../state/problem.ts'

export type Devices = {
  /** Null until they have come for the first time. */
  readonly list: readonly DeviceSummary[] | null
  readonly problem: Problem | null
  readonly reload: () => Promise<void>
  /** Takes one off the list that is known to be gone, before the server has been asked again. */
  readonly forget: (deviceId: DeviceId) => void
}

/** Names and devices also change elsewhere, and nothing announces it. */
const RENEW_MS = 15_000

/** The account's devices as the server has them now: asked for again while somebody looks at them. */
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
    const timer = setInterval(renew, RENEW_MS)
    document.addEventListener('visibilitychange', renew)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', renew)
    }
  }, [reload, online])

  useEffect(
    () => () => {
      latest.current++
    },
    [],
  )
  const forget = useCallback((deviceId: DeviceId) => {
    setList(devices => devices?.filter(device => device.deviceId !== deviceId) ?? null)
  }, [])
  return { list, problem, reload, forget }
}
