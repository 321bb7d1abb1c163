import { setTimeout as sleep } from 'node:timers/promises'
import { type ConversationId, idToBytes, type LogEvent } from '@entangle/protocol'
import type { Recorder } from '@entangle/testkit/faults'
import { ApiError } from '../support/api.ts'
import { type Change, makeChange } from '../support/group.ts'
import { callUntilAnswered } from './patience.ts'
import { hashOf, type PlainDevice } from './plain-device.ts'

/** Its device may wait for an answer, give up, and only then come again, and something else fails meanwhile. */
const PATIENCE_MS = 90_000

type Place = { readonly seq: number; readonly epoch: number }

/** Commits to one group with a real MLS state, in a race with the other committers of the group. */
export class Committer {
  readonly #device: PlainDevice
  readonly #conversationId: ConversationId
  readonly #recorder: Recorder
  readonly #commits: LogEvent[] = []
  lost = 0
  /** Why it gave up, if it did. */
  readonly complaints: string[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(device: PlainDevice, conversationId: ConversationId, recorder: Recorder) {
    this.#device = device
    this.#conversationId = conversationId
    this.#recorder = recorder
    const before = device.onEvent
    device.onEvent = (id, event) => {
      before(id, event)
      if (id === conversationId && event.kind === 'commit') this.#commits.push(event)
    }
  }

  /** One attempt, until it is known what became of it. Answers with the commit's place, if it was accepted. */
  commit(change: Change = {}): Promise<Place | undefined> {
    const attempt = this.#turn.then(() => this.#attempt(change))
    this.#turn = attempt.catch(error => this.complaints.push(String(error)))
    return attempt
  }

  async #attempt(change: Change): Promise<Place | undefined> {
    this.#followOthers()
    const { person, id } = this.#device
    const request = makeChange(person, this.#conversationId, change)
    const attempt = {
      kind: 'send' as const,
      event: 'commit' as const,
      device: id,
      conversation: this.#conversationId,
      message: request.messageId,
      epoch: request.epoch,
      hash: hashOf(request.commit),
    }
    this.#recorder.note({ ...attempt, phase: 'invoke' })
    const { state } = person.device
    const groupId = idToBytes(this.#conversationId)
    try {
      const { seq } = await callUntilAnswered(person, 'submitCommit', request)
      this.#recorder.note({ ...attempt, phase: 'ok', seq })
      state.mergePendingCommit(groupId)
      return { seq, epoch: request.epoch }
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'CHAT_EPOCH_STALE') throw error
      this.#recorder.note({ ...attempt, phase: 'fail' })
      state.clearPendingCommit(groupId)
      this.lost += 1
      await this.#untilOver(request.epoch)
      return undefined
    }
  }

  async insist(change: Change): Promise<Place> {
    for (;;) {
      const place = await this.commit(change)
      if (place !== undefined) return place
    }
  }

  /** The winner's commit arrives by the device. */
  async #untilOver(epoch: number): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!this.#commits.some(commit => commit.epoch === epoch)) {
      if (performance.now() > giveUpAt) throw new Error(`nobody ever won epoch ${epoch}`)
      await sleep(20)
    }
  }

  #followOthers(): void {
    const { state } = this.#device.person.device
    const groupId = idToBytes(this.#conversationId)
    for (const { epoch, body } of this.#commits.splice(0)) {
      if (epoch < Number(state.groupStatus(groupId)?.epoch)) continue
      const processed = state.processMessage(groupId, body)
      if (processed.kind !== 'commit') throw new Error(`cannot follow: ${processed.kind}`)
      state.mergeStagedCommit(groupId)
    }
  }
}
