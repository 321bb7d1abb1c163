import type { DeviceId } from '@entangle/protocol'
import { type Actor, deviceIdOf } from '../devices/actor.ts'
import type { Life } from '../devices/life.ts'
import type { Play } from '../play/play.ts'

/** A device that is signed in at the end. */
export type Present = { readonly actor: Actor; readonly life: Life; readonly deviceId: DeviceId }

export const presentIn = (play: Play): Present[] =>
  play.cast.actors.flatMap(actor => {
    const deviceId = deviceIdOf(actor)
    return deviceId === undefined || actor.life === undefined ? [] : [{ actor, life: actor.life, deviceId }]
  })

/** What must not be noted, whatever happens on the network. */
const ALARMS = ['EVENT_UNREADABLE', 'DEVICE_ROLLED_BACK', 'IDENTITY_MISMATCH', 'RECORD_CONTRADICTED']

/** Whoever should be in is in, online, and warned of nobody. */
export function checkPresence(play: Play): string[] {
  return play.cast.actors.flatMap(actor => {
    const session = actor.life?.session()
    if (session?.phase !== 'signed-in') {
      return actor.isSuspect ? [] : [`${actor.name} is not signed in: ${JSON.stringify(session)}`]
    }
    const connection = actor.life?.connection()?.phase
    return connection === 'online' ? [] : [`${actor.name} is ${String(connection)}`]
  })
}

export const checkCalm = (play: Play): string[] =>
  presentIn(play).flatMap(({ actor, life }) => [
    ...actor.notes
      .filter(note => ALARMS.some(alarm => note.startsWith(alarm)))
      .map(note => `${actor.name} noted ${note}`),
    ...life
      .chats()
      .filter(({ warning, doubt }) => warning !== null || doubt !== null)
      .map(({ id, warning, doubt }) => `${actor.name} is warned in ${id}: ${warning ?? doubt ?? ''}`),
  ])
