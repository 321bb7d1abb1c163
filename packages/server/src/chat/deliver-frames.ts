import { type DeliverFrame, encodeDeliver } from '@entangle/protocol'
import { wrapBinaryFrame } from './socket/websocket-frames.ts'

/** Encoded once a message: WebSocket header, our header and body in one buffer for every socket. */
export const encodeDelivery = (frame: DeliverFrame): Buffer => wrapBinaryFrame(encodeDeliver(frame))
