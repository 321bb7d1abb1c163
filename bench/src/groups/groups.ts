import type { Report } from '../report.ts'
import { buildGroup, closeGroup, exchange } from './group-of.ts'

/** The cryptography of a large group beside that of a pair, in one run. Transfer and first-time checks are not in it. */
export function benchGroups(report: Report, members: number): void {
  report.say(
    `A group of ${members}, beside one of 2 (cryptography and serialising; nothing is stored or sent):`,
  )
  const pair = buildGroup(2)
  const group = buildGroup(members)
  const small = exchange(pair)
  const large = exchange(group)
  const peer = 'group of 2'
  report.add({ measure: `adding ${members - 1} members`, value: group.addMs / 1000, unit: 's', atMost: 30 })
  report.add({
    measure: `joining as number ${members}`,
    value: group.joinMs,
    unit: 'ms',
    peer,
    peerValue: pair.joinMs,
    atMost: 1000,
  })
  report.add({
    measure: 'sending a message',
    value: large.sendMs,
    unit: 'ms',
    peer,
    peerValue: small.sendMs,
    atMost: 20,
  })
  report.add({
    measure: 'opening a message',
    value: large.openMs,
    unit: 'ms',
    peer,
    peerValue: small.openMs,
    atMost: 20,
  })
  report.add({ measure: '… of which serialising what changed', value: large.serialiseMs, unit: 'ms' })
  report.add({
    measure: 'changed entries a message, the most seen',
    value: large.changedBytes / 1024,
    unit: 'KiB',
    peer: 'the whole state',
    peerValue: large.storedBytes / 1024,
    atMost: 64,
  })
  report.add({ measure: 'Welcome of one joiner', value: group.welcomeBytes / 1024, unit: 'KiB' })
  report.add({ measure: 'ratchet tree, fetched apart', value: group.treeBytes / 1024, unit: 'KiB' })
  closeGroup(pair)
  closeGroup(group)
}
