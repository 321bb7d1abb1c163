import { type DeviceId, idToBytes, type MessageId, type SeenPlace } from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../bytes.ts'

/**
 * What this device has seen of a log, place by place, so that members can tell each other. Each digest holds all of
 * the epoch before it. With the commit that begins an epoch it starts anew: who comes in by it has the same from there.
 */
export type Transcript = {
  /** The newest place. */
  readonly seq: number
  /** The place of the commit that began the epoch. */
  readonly began: number
  /** 16 bytes for each of the newest places, the last of them that of `seq`. */
  readonly digests: Uint8Array
}

const DIGEST_BYTES = 16
/** What a message may be behind of its place, and still be compared. */
const PLACES = 64

export const beginTranscript = (seq: number): Transcript => ({
  seq,
  began: seq,
  digests: new Uint8Array(DIGEST_BYTES),
})

function digestAt({ seq, digests }: Transcript, place: number): Uint8Array | undefined {
  const end = digests.length - (seq - place) * DIGEST_BYTES
  return end < DIGEST_BYTES || end > digests.length ? undefined : digests.subarray(end - DIGEST_BYTES, end)
}

/** What stands at a place of the log, whoever tells it. */
export type LoggedEvent = {
  readonly seq: number
  readonly messageId: MessageId
  readonly senderDevice: DeviceId
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function digestAfter(before: Uint8Array, { seq, messageId, senderDevice }: LoggedEvent): Uint8Array {
  const place = new Uint8Array(8)
  new DataView(place.buffer).setBigUint64(0, BigInt(seq))
  return sha256(concat(before, place, idToBytes(messageId), idToBytes(senderDevice))).subarray(
    0,
    DIGEST_BYTES,
  )
}

/** With the next event. A transcript that an earlier version did not keep begins with the next epoch. */
export function extendTranscript(
  transcript: Transcript | undefined,
  event: LoggedEvent,
  beginsEpoch: boolean,
): Transcript | undefined {
  if (transcript === undefined) return beginsEpoch ? beginTranscript(event.seq) : undefined
  const last = digestAt(transcript, transcript.seq) ?? new Uint8Array(DIGEST_BYTES)
  const next = beginsEpoch ? new Uint8Array(DIGEST_BYTES) : digestAfter(last, event)
  return {
    seq: event.seq,
    began: beginsEpoch ? event.seq : transcript.began,
    digests: concat(transcript.digests, next).slice(-PLACES * DIGEST_BYTES),
  }
}

/** What goes into a message: how the log stands here, and how it stood when the epoch before ended. */
export function seenPlaces(transcript: Transcript | undefined): SeenPlace[] {
  if (transcript === undefined) return []
  return [transcript.seq, transcript.began - 1].flatMap(seq => {
    const digest = digestAt(transcript, seq)
    return digest === undefined ? [] : [{ seq, digest: digest.slice() }]
  })
}

/** Whether what the sender of the message at `seq` has seen can be what was told here. */
export function agreesWith(
  transcript: Transcript | undefined,
  seq: number,
  seen: readonly SeenPlace[],
): boolean {
  return seen.every(place => {
    if (place.seq >= seq) return false
    const known = transcript && digestAt(transcript, place.seq)
    return known === undefined || equalBytes(known, place.digest)
  })
}

/** Whether an event is another one than that which was told of its place before. */
export function differsFrom(transcript: Transcript | undefined, event: LoggedEvent): boolean {
  if (transcript === undefined || event.seq <= transcript.began) return false
  const before = digestAt(transcript, event.seq - 1)
  const known = digestAt(transcript, event.seq)
  return before !== undefined && known !== undefined && !equalBytes(known, digestAfter(before, event))
}
