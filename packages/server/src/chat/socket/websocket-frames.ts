import type { Place } from '@entangle/protocol'

/**
 * One whole binary message from the server (RFC 6455, section 5.2): FIN, opcode 2, no mask. Made by hand so
 * that the same bytes go to every socket; between these and the library's own frames nothing can be torn,
 * because each is written whole.
 */
export function writeBinaryFrame(encode: (place: Place) => unknown): Buffer {
  let frame = EMPTY
  encode(length => {
    const headerBytes = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10
    frame = Buffer.allocUnsafe(headerBytes + length)
    writeHeader(frame, length)
    return frame.subarray(headerBytes)
  })
  return frame
}

export const wrapBinaryFrame = (payload: Uint8Array): Buffer =>
  writeBinaryFrame(place => place(payload.length).set(payload))

const EMPTY = Buffer.alloc(0)

function writeHeader(frame: Buffer, length: number): void {
  frame[0] = 0x82
  if (length < 126) {
    frame[1] = length
  } else if (length < 0x1_0000) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
}

/** So much is written before a turn ends: only what the system does not take counts as unsent. */
export const FLUSH_BYTES = 64 * 1024

/** The same frames in fewer pieces, each of at most so many bytes or one frame. */
export function joinInPieces(frames: readonly Buffer[], pieceBytes = FLUSH_BYTES): readonly Buffer[] {
  if (frames.length === 1) return frames
  const pieces: Buffer[] = []
  let from = 0
  let bytes = 0
  for (const [at, { length }] of frames.entries()) {
    if (bytes > 0 && bytes + length > pieceBytes) {
      pieces.push(Buffer.concat(frames.slice(from, at)))
      from = at
      bytes = 0
    }
    bytes += length
  }
  pieces.push(Buffer.concat(frames.slice(from)))
  return pieces
}

/** Makes one piece of frames that leave together. What many sockets are sent in the same turn is joined once. */
export type FrameJoiner = (frames: readonly Buffer[]) => Buffer

export function createFrameJoiner(): FrameJoiner {
  let last: readonly Buffer[] = []
  let joined = Buffer.alloc(0)
  return frames => {
    const [only] = frames
    if (frames.length === 1 && only !== undefined) return only
    const isSame = frames.length === last.length && frames.every((frame, index) => frame === last[index])
    if (!isSame) {
      last = frames
      joined = Buffer.concat(frames)
    }
    return joined
  }
}
