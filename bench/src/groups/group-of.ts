import { randomBytes } from '@entangle/crypto'
import { median, medianMs, timed } from '../timing.ts'
import { BenchDevice, crowdPackages } from './bench-device.ts'

/** Devices one commit adds, as in the product. */
const ADDS_PER_COMMIT = 256
const SENDS = 51
const PAST_EPOCHS = 2

type Group = {
  readonly groupId: Uint8Array
  readonly founder: BenchDevice
  readonly last: BenchDevice
  readonly addMs: number
  readonly joinMs: number
  readonly welcomeBytes: number
  readonly treeBytes: number
}

/** A group of `members`; the last one to come in is a device of its own, the others are a crowd. */
export function buildGroup(members: number): Group {
  const groupId = randomBytes(16)
  const founder = new BenchDevice()
  const last = new BenchDevice()
  founder.create(groupId)
  const packages = [...crowdPackages(members - 2), last.keyPackage()]
  let bundle = founder.state.commit(groupId, {})
  founder.state.mergePendingCommit(groupId)
  const { ms: addMs } = timed(() => {
    for (let at = 0; at < packages.length; at += ADDS_PER_COMMIT)
      bundle = founder.add(groupId, packages.slice(at, at + ADDS_PER_COMMIT))
  })
  const welcome = bundle.welcomes.at(-1)?.welcome ?? new Uint8Array()
  const { ms: joinMs } = timed(() => last.join(welcome, bundle.ratchetTree))
  return {
    groupId,
    founder,
    last,
    addMs,
    joinMs,
    welcomeBytes: welcome.length,
    treeBytes: bundle.ratchetTree.length,
  }
}

/** Both have as many past epochs behind them as a device keeps: each message is stored beside those. */
function age({ groupId, founder, last }: Group): void {
  for (let epoch = 0; epoch < PAST_EPOCHS; epoch++) last.receive(groupId, founder.add(groupId, []).commit)
}

export function exchange(group: Group) {
  const { groupId, founder, last } = group
  age(group)
  const text = randomBytes(256)
  const messages: Uint8Array[] = []
  const written: number[] = []
  const serialised: number[] = []
  const sendMs = medianMs(SENDS, () => {
    messages.push(founder.send(groupId, text))
    written.push(founder.changed.bytes)
    serialised.push(founder.changed.ms)
  })
  const opened: number[] = []
  const openMs = medianMs(SENDS, round => {
    last.receive(groupId, messages[round] ?? new Uint8Array())
    opened.push(last.changed.bytes)
  })
  const changedBytes = Math.max(...written, ...opened)
  return { sendMs, openMs, serialiseMs: median(serialised), changedBytes, storedBytes: founder.storedBytes }
}

export function closeGroup({ founder, last }: Group): void {
  founder.state.close()
  last.state.close()
}
