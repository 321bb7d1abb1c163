import type { PublicCommit, PublicGroup, StateEntry } from '../../src/verify.ts'
import { crypto } from './people.ts'

/** The server's side: a public group and the entries it stores. */
export class Follower {
  readonly entries = new Map<string, Uint8Array>()
  group: PublicGroup

  constructor(groupInfo: Uint8Array, tree: Uint8Array) {
    this.group = crypto.createPublicGroup(groupInfo, tree)
    this.save()
  }

  save(): void {
    for (const { key, value } of this.group.takeChanges()) {
      if (value === null) this.entries.delete(key)
      else this.entries.set(key, value)
    }
    this.group.accept()
  }

  reopen(): void {
    const id = this.group.groupId
    this.group.close()
    const entries: StateEntry[] = [...this.entries].map(([key, value]) => ({ key, value }))
    this.group = crypto.openPublicGroup(id, entries)
  }

  follow(commit: Uint8Array, proposals: readonly Uint8Array[] = []): PublicCommit {
    const processed = this.group.processHandshake(commit, proposals)
    if (processed.kind !== 'commit') throw new Error(JSON.stringify(processed))
    this.group.mergeStagedCommit()
    this.save()
    return processed
  }
}
