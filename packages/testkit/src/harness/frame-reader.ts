/**
 * Reads what a browser sends over one connection and gives out its WebSocket messages (RFC 6455,
 * section 5.2), unmasked. Plain HTTP before the upgrade passes by.
 */
export function createFrameReader(onMessage: (payload: Buffer) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0)
  let upgraded = false
  let parts: Buffer[] = []

  return chunk => {
    pending = Buffer.concat([pending, chunk])
    if (!upgraded) {
      const head = pending.toString('latin1')
      const start = head.search(/^upgrade:\s*websocket/im)
      const end = start < 0 ? -1 : head.indexOf('\r\n\r\n', start)
      if (end < 0) {
        // An upgrade's head fits into this; bodies of ordinary requests need not be kept.
        pending = pending.subarray(-16_384)
        return
      }
      upgraded = true
      pending = pending.subarray(end + 4)
    }
    for (let frame = takeFrame(pending); frame; frame = takeFrame(pending)) {
      pending = pending.subarray(frame.size)
      if (frame.opcode > 2) continue
      parts.push(frame.payload)
      if (!frame.isLast) continue
      onMessage(Buffer.concat(parts))
      parts = []
    }
  }
}

type Frame = { size: number; opcode: number; isLast: boolean; payload: Buffer }

function takeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes.readUInt8(0)
  const second = bytes.readUInt8(1)
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const maskAt = 2 + lengthBytes
  const isMasked = (second & 0x80) !== 0
  const dataAt = maskAt + (isMasked ? 4 : 0)
  if (bytes.length < dataAt) return undefined
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  if (bytes.length < dataAt + length) return undefined
  const payload = Buffer.from(bytes.subarray(dataAt, dataAt + length))
  if (isMasked) {
    for (let index = 0; index < length; index++) {
      payload.writeUInt8(payload.readUInt8(index) ^ bytes.readUInt8(maskAt + (index & 3)), index)
    }
  }
  return { size: dataAt + length, opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload }
}
