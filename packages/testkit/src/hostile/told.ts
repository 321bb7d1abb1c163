import {
  type AckFrame,
  type DeliverFrame,
  encodeAck,
  encodeDeliver,
  encodeServerControl,
  FRAME,
  parseAck,
  parseDeliver,
  parseServerControl,
  type ServerControl,
} from '@entangle/protocol'

/** Something that a server says over the WebSocket. */
export type Told =
  | { readonly kind: 'deliver'; readonly frame: DeliverFrame }
  | { readonly kind: 'ack'; readonly frame: AckFrame }
  | { readonly kind: 'control'; readonly frame: ServerControl }

/** Bytes that are no frame of this version are undefined, and pass as they are. */
export function readTold(bytes: Uint8Array): Told | undefined {
  if (bytes[0] === FRAME.deliver) {
    const frame = parseDeliver(bytes)
    return frame && { kind: 'deliver', frame }
  }
  if (bytes[0] === FRAME.ack) {
    const frame = parseAck(bytes)
    return frame && { kind: 'ack', frame }
  }
  const frame = parseServerControl(bytes)
  return frame && { kind: 'control', frame }
}

export function writeTold(told: Told): Uint8Array {
  if (told.kind === 'deliver') return encodeDeliver(told.frame)
  return told.kind === 'ack' ? encodeAck(told.frame) : encodeServerControl(told.frame)
}
