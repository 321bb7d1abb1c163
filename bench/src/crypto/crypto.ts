import { BenchDevice } from '../groups/bench-device.ts'
import { buildGroup, closeGroup, exchange } from '../groups/group-of.ts'
import type { Report } from '../report.ts'
import { median, medianMs } from '../timing.ts'
import { buildNativePeer, type NativeFigures, runNativePeer } from './native-peer.ts'

const KEY_PACKAGES = 51
const PEER = 'OpenMLS, native'

/** What is asked of each, beside how it compares. A joiner's first look at a thousand certificates is not in it. */
const MEASURES = [
  { name: 'key-package', size: () => 1, measure: 'a key package', atMost: 2 },
  { name: 'send', size: () => 2, measure: 'sending in a group of 2', atMost: 1 },
  { name: 'open', size: () => 2, measure: 'opening in a group of 2', atMost: 1 },
  { name: 'send', size: (members: number) => members, measure: 'sending in a large group', atMost: 20 },
  { name: 'open', size: (members: number) => members, measure: 'opening in a large group', atMost: 20 },
  { name: 'add', size: (members: number) => members, measure: 'adding everybody', atMost: 30_000 },
  { name: 'join', size: (members: number) => members, measure: 'joining as the last', atMost: 1000 },
] as const

function measureGroup(members: number): [string, number][] {
  const group = buildGroup(members)
  const { sendMs, openMs } = exchange(group)
  closeGroup(group)
  return [
    [`add ${members}`, group.addMs],
    [`join ${members}`, group.joinMs],
    [`send ${members}`, sendMs],
    [`open ${members}`, openMs],
  ]
}

function runOurs(members: number): NativeFigures {
  const device = new BenchDevice()
  const packageMs = medianMs(KEY_PACKAGES, () => void device.keyPackage())
  device.state.close()
  return new Map([['key-package 1', packageMs], ...measureGroup(2), ...measureGroup(members)])
}

const middle = (rounds: readonly NativeFigures[], key: string): number =>
  median(rounds.map(figures => figures.get(key) ?? Number.NaN))

/** The WebAssembly, with what it serialises to be stored, beside OpenMLS compiled for this machine: turn by turn. */
export function benchCrypto(
  report: Report,
  { members, rounds }: { readonly members: number; readonly rounds: number },
): void {
  report.say(`Message cryptography in WebAssembly, groups of 2 and of ${members}, ${rounds} rounds:`)
  const program = buildNativePeer()
  if (program === undefined) report.say('  (no Rust compiler here: nothing to compare with)')
  const ours: NativeFigures[] = []
  const theirs: NativeFigures[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(runOurs(members))
    if (program !== undefined) theirs.push(runNativePeer(program, members))
  }
  for (const { name, size, measure, atMost } of MEASURES) {
    const key = `${name} ${size(members)}`
    const peer = program === undefined ? {} : { peer: PEER, peerValue: middle(theirs, key), ratioAtMost: 4 }
    report.add({ measure, value: middle(ours, key), unit: 'ms', atMost, ...peer })
  }
}
