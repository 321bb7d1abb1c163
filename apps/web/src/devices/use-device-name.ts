import type { EngineConnection } from '@entangle/client'
import { useEffect, useRef } from 'react'
import { useApp, useEngine } from '../state/app-context.ts'
import { deviceNameOf, UNNAMED } from './device-text.ts'

/** Gives a device that has no name yet its first one, so that a list of several can be told apart. */
async function nameThisDevice(engine: EngineConnection): Promise<void> {
  const own = (await engine.request('listDevices', {})).find(device => device.current)
  if (own === undefined || own.name !== UNNAMED) return
  await engine.request('renameDevice', { deviceId: own.deviceId, name: deviceNameOf(navigator.userAgent) })
}

/** Once for each visit, and again at the next connection when it failed. */
export function useDeviceName(): void {
  const engine = useEngine()
  const online = useApp(state => state.connection.phase === 'online')
  const done = useRef(false)
  useEffect(() => {
    if (!online || done.current) return
    done.current = true
    nameThisDevice(engine).catch(() => {
      done.current = false
    })
  }, [engine, online])
}
