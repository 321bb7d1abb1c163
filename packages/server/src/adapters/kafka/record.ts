/** One record of a slot: a byte that says whether something before it was dropped, then events behind their lengths. */
export const FOLLOWS = 0
export const FOLLOWS_A_GAP = 1

const LENGTH_BYTES = 4

/** Everything behind the first byte. */
export function joinEvents(events: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const event of events) size += LENGTH_BYTES + event.length
  const joined = Buffer.allocUnsafe(size)
  let at = 0
  for (const event of events) {
    at = joined.writeUInt32BE(event.length, at)
    joined.set(event, at)
    at += event.length
  }
  return joined
}

/** What breaks off in the middle ends there. */
export function* splitEvents(record: Buffer): Generator<Buffer> {
  for (let at = 1; at + LENGTH_BYTES <= record.length; ) {
    const end = at + LENGTH_BYTES + record.readUInt32BE(at)
    if (end > record.length) return
    yield record.subarray(at + LENGTH_BYTES, end)
    at = end
  }
}
