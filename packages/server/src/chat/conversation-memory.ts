import { type ConversationId, type DeviceId, LIMITS } from '@entangle/protocol'
import type pg from 'pg'
import { idText, packIds } from '../database/packed-arrays.ts'
import type { IncomingMessage } from './message-store.ts'

/** All that a message is judged by, as it is since the event at `changedSeq`. */
export type RememberedConversation = {
  readonly changedSeq: number
  readonly epoch: number
  readonly minEpoch: number
  readonly peerGone: boolean
  readonly members: ReadonlySet<DeviceId>
}

/**
 * Conversations that were written to a moment ago. The database is the truth: whoever writes on the strength of this
 * has to compare `changedSeq` under the row's lock, for nothing in here changes without that number.
 */
export type ConversationMemory = {
  /** Reads those that are not remembered. */
  load(client: Pick<pg.Pool, 'query'>, conversationIds: Iterable<ConversationId>): Promise<void>
  find(conversationId: ConversationId): RememberedConversation | undefined
  forget(conversationIds: Iterable<ConversationId>): void
  /** When the database was away it may have come back as another. */
  forgetAll(): void
}

/** Devices in all remembered conversations together: about a hundred bytes each. */
const WEIGHT_LIMIT = 200_000
/** What a conversation takes however small it is. */
const WEIGHT_OF_CONVERSATION = 4

/** One statement, so that all of it is of one moment. */
const READ = `
  SELECT c.id, c.changed_seq, c.epoch, c.min_epoch, c.peer_gone, (
    SELECT string_agg(m.device_id::bytea, ''::bytea) FROM conversation_member m
    WHERE m.conversation_id = c.id AND m.left_seq IS NULL) AS members
  FROM conversation c WHERE c.id = ANY ($1::bytea[])`

type Row = {
  readonly id: Buffer
  readonly changed_seq: number
  readonly epoch: number
  readonly min_epoch: number
  readonly peer_gone: boolean
  readonly members: Buffer | null
}

const ID_BYTES = 16

function* membersOf(packed: Buffer): Generator<DeviceId> {
  for (let at = 0; at < packed.length; at += ID_BYTES) yield idText(packed.subarray(at, at + ID_BYTES))
}

/** Whether the message is accepted in a conversation that is as remembered. */
export const isAcceptable = (
  conversation: RememberedConversation,
  { senderDevice, epoch }: IncomingMessage,
): boolean =>
  !conversation.peerGone &&
  epoch <= conversation.epoch &&
  epoch >= Math.max(conversation.epoch - LIMITS.pastEpochs, conversation.minEpoch) &&
  conversation.members.has(senderDevice)

const weightOf = ({ members }: RememberedConversation): number => WEIGHT_OF_CONVERSATION + members.size

export function createConversationMemory(weightLimit = WEIGHT_LIMIT): ConversationMemory {
  // A map iterates in the order of insertion: the first is the one that was used longest ago.
  const held = new Map<ConversationId, RememberedConversation>()
  let weight = 0

  function remove(conversationId: ConversationId): void {
    const conversation = held.get(conversationId)
    if (conversation === undefined) return
    held.delete(conversationId)
    weight -= weightOf(conversation)
  }

  function add({ id, changed_seq, epoch, min_epoch, peer_gone, members }: Row): void {
    // Somebody else has read it meanwhile.
    if (held.has(idText(id))) return
    const conversation: RememberedConversation = {
      changedSeq: changed_seq,
      epoch,
      minEpoch: min_epoch,
      peerGone: peer_gone,
      members: new Set(membersOf(members ?? Buffer.alloc(0))),
    }
    held.set(idText(id), conversation)
    weight += weightOf(conversation)
  }

  function makeRoom(): void {
    for (const oldest of held.keys()) {
      if (weight <= weightLimit) return
      remove(oldest)
    }
  }

  return {
    async load(client, conversationIds) {
      makeRoom()
      const missing = [...conversationIds].filter(id => !held.has(id))
      if (missing.length === 0) return
      const { rows } = await client.query<Row>({ name: 'remember', text: READ, values: [packIds(missing)] })
      for (const row of rows) add(row)
    },
    find(conversationId) {
      const conversation = held.get(conversationId)
      if (conversation === undefined) return undefined
      held.delete(conversationId)
      held.set(conversationId, conversation)
      return conversation
    },
    forget(conversationIds) {
      for (const id of conversationIds) remove(id)
    },
    forgetAll() {
      held.clear()
      weight = 0
    },
  }
}
