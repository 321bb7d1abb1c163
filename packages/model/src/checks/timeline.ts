import type { TimelineRow } from '@entangle/client'
import type { DeviceId } from '@entangle/protocol'
import type { Play } from '../play/play.ts'
import type { View } from './looking.ts'
import { presentIn } from './presence.ts'
import type { LogEvent, Truth } from './truth.ts'

type Tell = (what: string) => void

/** Nothing twice, nothing out of order, nothing left behind. */
function checkRows(play: Play, { rows, truth }: View, tell: Tell): void {
  const nameOf = (id: string) => play.written.find(entry => entry.id === id)?.text ?? id
  const shown = new Set<string>()
  let last = Number.NEGATIVE_INFINITY
  for (const { messageId, seq, content, delivery, failure } of rows) {
    const key = `${messageId} ${content.kind === 'notice' ? content.notice.kind : ''}`
    if (shown.has(key)) tell(`shows ${nameOf(messageId)} twice`)
    shown.add(key)
    if (seq === null) {
      // Who was put out of a group meanwhile is told that the message did not go.
      const mayFail = truth.kind === 'group' && delivery === 'failed'
      if (!mayFail)
        tell(`keeps ${nameOf(messageId)} in its outbox: ${String(delivery)} ${failure?.code ?? ''}`)
      continue
    }
    if (seq < last) tell(`shows ${nameOf(messageId)} out of order`)
    last = seq
  }
}

/** Which events this account could read with a device that is still there, since when it came in last. */
export function readableBy(play: Play, { members, log }: Truth, accountId: string) {
  const joined = presentIn(play)
    .filter(({ actor }) => actor.person.accountId === accountId)
    .map(({ deviceId }) => members.get(deviceId))
    .filter(member => member !== undefined && member.leftSeq === null)
    .map(member => member?.joinedSeq ?? 0)
  const seq = joined.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...joined)
  const epoch = (log[seq - 1]?.epoch ?? -1) + 1
  return (event: LogEvent) => event.seq > seq && event.epoch >= epoch
}

const isFormer = (play: Play, deviceId: DeviceId) => !presentIn(play).some(each => each.deviceId === deviceId)

/** Every message of the log that can be read here is there, with its text and in its place. */
function checkMessages(play: Play, { rows, truth, present }: View, tell: Tell): void {
  const { accountId } = present.actor.person
  const isReadable = readableBy(play, truth, accountId)
  const leftAt = Math.max(
    ...[...truth.members.values()]
      .filter(member => member.accountId === accountId)
      .map(({ leftSeq }) => leftSeq ?? Number.POSITIVE_INFINITY),
  )
  const shown = new Map<string, TimelineRow>(
    rows.filter(({ content }) => content.kind !== 'notice').map(row => [row.messageId, row]),
  )
  for (const event of truth.log) {
    const known = play.written.find(({ id }) => id === event.messageId)
    const row = shown.get(event.messageId)
    if (event.kind !== 'message') continue
    // What a device wrote that has left its account since is not shown as the account's word.
    const mayBeUnvouched = isFormer(play, event.sender)
    const place = `${known?.text ?? event.messageId} (${String(event.seq)})`
    if (row === undefined) {
      if (known !== undefined && isReadable(event) && !mayBeUnvouched) tell(`does not show ${place}`)
      continue
    }
    if (event.seq > leftAt) tell(`shows ${place}, after it was put out at ${String(leftAt)}`)
    if (row.seq !== event.seq) tell(`shows ${place} at ${String(row.seq)}`)
    if (row.content.kind === 'text') {
      if (known !== undefined && row.content.text !== known.text)
        tell(`shows "${row.content.text}" for ${place}`)
    } else if (!mayBeUnvouched) tell(`shows ${place} as ${JSON.stringify(row.content)}`)
  }
}

export function checkTimeline(play: Play, view: View): string[] {
  const breaches: string[] = []
  const tell = (what: string) => breaches.push(`${view.present.actor.name} ${what}`)
  checkRows(play, view, tell)
  checkMessages(play, view, tell)
  return breaches
}
