import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { type CommitSummary, type MemberLeaf, randomBytes } from '../src/index.ts'
import { Follower } from './support/follower.ts'
import { addAll, Device, NOTHING, text } from './support/people.ts'
import { seededRandom } from './support/random.ts'

const firstSeed = Number(process.env['HISTORY_SEED'] ?? Date.now() % 1_000_000)
const histories = Number(process.env['HISTORIES'] ?? 3)

/** What the summary of a commit foretells about the member list. */
function foretell(before: readonly MemberLeaf[], summary: CommitSummary): MemberLeaf[] {
  const leaves = new Map(before.map(leaf => [leaf.leafIndex, leaf]))
  for (const leaf of summary.removed) leaves.delete(leaf.leafIndex)
  for (const { after } of summary.updated) leaves.set(after.leafIndex, after)
  for (const leaf of summary.added) leaves.set(leaf.leafIndex, leaf)
  return [...leaves.values()].sort((one, other) => one.leafIndex - other.leafIndex)
}

class History {
  readonly groupId = randomBytes(16)
  readonly members: Device[] = []
  readonly below: (limit: number) => number
  readonly server: Follower

  constructor(seed: number) {
    this.below = seededRandom(seed)
    const founder = new Device('founder')
    founder.create(this.groupId)
    this.members.push(founder)
    this.server = new Follower(
      founder.state.exportGroupInfo(this.groupId),
      founder.state.exportRatchetTree(this.groupId),
    )
  }

  pick(): Device {
    const device = this.members[this.below(this.members.length)]
    if (!device) throw new Error('empty group')
    return device
  }

  leafOf(device: Device): number {
    return device.state.groupStatus(this.groupId)?.ownLeafIndex ?? -1
  }

  /** The committer's change goes to the server and to everybody; joiners join, the removed are dropped. */
  commit(
    committer: Device,
    joiners: readonly Device[],
    gone: readonly Device[],
    leaving: readonly Device[],
  ): void {
    const before = committer.state.groupMembers(this.groupId)
    const proposals = leaving.map(device => device.state.proposeSelfRemove(this.groupId))
    const bundle = committer.state.commit(this.groupId, {
      add: joiners.map(joiner => joiner.keyPackage(this.below(2) === 0)),
      remove: gone.map(device => this.leafOf(device)),
      proposals,
    })
    committer.save()
    if (this.below(3) === 0) committer.reload()
    if (this.below(3) === 0) this.server.reopen()
    const summary = this.server.follow(bundle.commit, proposals)
    for (const device of this.members) {
      if (device === committer) continue
      const seen = device.follow(this.groupId, bundle.commit, proposals)
      expect(seen.removesSelf).toBe(gone.includes(device) || leaving.includes(device))
      expect(foretell(before, seen)).toEqual(foretell(before, summary))
    }
    committer.state.mergePendingCommit(this.groupId)
    committer.save()
    joiners.forEach((joiner, at) => {
      joiner.join(this.groupId, bundle, bundle.welcomes[at]?.welcome ?? NOTHING)
    })
    const left = [...gone, ...leaving]
    const staying = this.members.filter(device => !left.includes(device))
    this.members.splice(0, this.members.length, ...staying, ...joiners)
    expect(committer.state.groupMembers(this.groupId)).toEqual(foretell(before, summary))
    expect(this.server.group.exportRatchetTree()).toEqual(bundle.ratchetTree)
    const authenticators = new Set(this.members.map(device => device.authenticator(this.groupId)))
    expect(authenticators.size).toBe(1)
    expect(authenticators).toContain(Buffer.from(bundle.epochAuthenticator).toString('hex'))
    for (const device of left) {
      const refused = device.state.processMessage(this.groupId, committer.send(this.groupId, 'not for you'))
      expect(refused.kind).toBe('failure')
    }
  }

  step(): void {
    const committer = this.pick()
    const others = this.members.filter(device => device !== committer)
    const some = others.filter(() => this.below(3) === 0)
    const joiners = [new Device('new'), new Device('new')]
    const steps: [Device[], Device[], Device[]][] = [
      [[], some.slice(0, 2), []],
      [[], [], some.slice(0, 2)],
      [joiners.slice(1), some.slice(0, 1), some.slice(1, 2)],
      [joiners, [], []],
      [joiners.slice(1), [], []],
      [[], [], []],
    ]
    const [add, gone, leaving] = steps[this.below(steps.length)] ?? [[], [], []]
    this.commit(committer, add, gone, leaving)
  }

  /** Everybody hears everybody. */
  chat(): void {
    const sender = this.pick()
    const message = sender.state.encrypt(this.groupId, text('to all'), NOTHING)
    sender.save()
    for (const device of this.members) {
      if (device !== sender) expect(device.read(this.groupId, message)).toBe('to all')
    }
  }
}

describe('random histories of a group', () => {
  for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
    it(`members, summaries and server agree at every step (HISTORY_SEED=${seed})`, {
      timeout: 60_000,
    }, () => {
      const history = new History(seed)
      for (let step = 0; step < 20; step++) {
        history.step()
        history.chat()
      }
    })
  }

  it('a removed device can be added again', () => {
    const history = new History(1)
    const [founder] = history.members
    if (!founder) throw new Error('no founder')
    const guest = new Device('guest')
    addAll(history.groupId, founder, [guest])
    const removal = founder.state.commit(history.groupId, { remove: [1] })
    guest.follow(history.groupId, removal.commit)
    founder.state.mergePendingCommit(history.groupId)
    guest.state.deleteGroup(history.groupId)
    guest.save()
    addAll(history.groupId, founder, [guest])
    expect(guest.read(history.groupId, founder.send(history.groupId, 'again'))).toBe('again')
  })
})
