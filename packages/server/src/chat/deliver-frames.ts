import { type DeliverFrame, encodeDeliver, encodeServerControl } from '@entangle/protocol'
import type { ChatEvent } from './chat-event.ts'
import { wrapBinaryFrame, writeBinaryFrame } from './socket/websocket-frames.ts'

/** Over this the sockets are told only that it is there: a large group's handshakes would stall the slow ones. */
export const DELIVERED_BYTES = 32 * 1024

/** Encoded once a message: WebSocket header, our header and body in one buffer for every socket. */
function encodeDelivery(frame: DeliverFrame): Buffer {
  const { conversationId, seq, body } = frame
  return body.length > DELIVERED_BYTES
    ? wrapBinaryFrame(encodeServerControl({ t: 'head', conversationId, lastSeq: seq }))
    : writeBinaryFrame(place => encodeDeliver(frame, place))
}

/** For the bus, once the event is committed. */
export const deliveryOf = (event: DeliverFrame): Extract<ChatEvent, { kind: 'deliver' }> => ({
  kind: 'deliver',
  conversationId: event.conversationId,
  event,
  frame: encodeDelivery(event),
})
