import type { DeviceSummary } from '@entangle/client'
import { lazy, Suspense, useState } from 'react'
import section from '../settings/SettingsScreen.module.css'
import { useDelayed, useNow } from '../state/hooks.ts'
import { Button } from '../ui/Button.tsx'
import { Notice } from '../ui/Notice.tsx'
import { DeviceRow } from './DeviceRow.tsx'
import styles from './DevicesSection.module.css'
import { useDevices } from './use-devices.ts'

const RemoveDeviceDialog = lazy(async () => ({
  default: (await import('./RemoveDeviceDialog.tsx')).RemoveDeviceDialog,
}))

export function DevicesSection() {
  const { list, problem, reload, forget } = useDevices()
  const now = useNow()
  const [leaving, setLeaving] = useState<DeviceSummary | null>(null)
  const [gone, setGone] = useState<string | null>(null)
  const others = (list ?? []).filter(device => !device.current)

  return (
    <section className={section.section} aria-label="Devices">
      <div>
        <h3 className={section.heading}>Devices</h3>
        <p className={section.lead}>
          {list !== null && others.length === 0
            ? 'Only this one is signed in. Sign in on another with your name and password: your chats will be there too.'
            : 'Every device that is signed in to your account and gets your messages.'}
        </p>
        {others.some(device => device.idle) && (
          <p className={section.lead}>
            What was not used for 90 days is signed out together with the next device that you sign out.
          </p>
        )}
      </div>
      {gone !== null && (
        <Notice tone="good" role="status">
          {gone} was signed out.
        </Notice>
      )}
      {problem !== null && (
        <Notice tone={list === null ? 'danger' : 'warning'} role="alert">
          <div className={styles.failed}>
            <span>{problem.message}</span>
            <Button look="plain" onClick={() => void reload()}>
              Try again
            </Button>
          </div>
        </Notice>
      )}
      {list !== null ? (
        <ul className={styles.list} aria-label="Signed-in devices">
          {[...list.filter(device => device.current), ...others].map(device => (
            <DeviceRow
              key={device.deviceId}
              device={device}
              now={now}
              onRenamed={reload}
              onLeave={() => {
                setGone(null)
                setLeaving(device)
              }}
            />
          ))}
        </ul>
      ) : (
        problem === null && <Skeleton />
      )}
      <Suspense fallback={null}>
        {leaving !== null && (
          <RemoveDeviceDialog
            device={leaving}
            along={others.filter(device => device.idle && device.deviceId !== leaving.deviceId)}
            onClose={() => setLeaving(null)}
            onRemoved={() => {
              setGone(leaving.name)
              setLeaving(null)
              for (const device of others) {
                if (device.idle || device.deviceId === leaving.deviceId) forget(device.deviceId)
              }
              void reload()
            }}
          />
        )}
      </Suspense>
    </section>
  )
}

function Skeleton() {
  const due = useDelayed(200)
  return (
    <div className={styles.skeleton} aria-busy="true">
      {due && (
        <>
          <i />
          <i />
        </>
      )}
    </div>
  )
}
