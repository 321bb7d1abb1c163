/**
 * Arrays in PostgreSQL's binary format (array_recv): dimensions, null flag, element type, length, lower
 * bound, then each element with its length. A whole batch travels as a handful of parameters that
 * neither side has to parse as text.
 */
const OID = { bytea: 17, int8: 20 } as const
const HEADER_BYTES = 20

function startArray(oid: number, count: number, elementBytes: number): Buffer {
  const packed = Buffer.allocUnsafe(HEADER_BYTES + count * 4 + elementBytes)
  packed.writeInt32BE(1, 0)
  packed.writeInt32BE(0, 4)
  packed.writeInt32BE(oid, 8)
  packed.writeInt32BE(count, 12)
  packed.writeInt32BE(1, 16)
  return packed
}

export function packBytes(values: readonly Uint8Array[]): Buffer {
  let total = 0
  for (const value of values) total += value.length
  const packed = startArray(OID.bytea, values.length, total)
  let at = HEADER_BYTES
  for (const value of values) {
    packed.writeInt32BE(value.length, at)
    packed.set(value, at + 4)
    at += 4 + value.length
  }
  return packed
}

/** Identifiers, written as bytes. */
export function packIds(ids: readonly string[]): Buffer {
  const packed = startArray(OID.bytea, ids.length, ids.length * 16)
  let at = HEADER_BYTES
  for (const id of ids) {
    packed.writeInt32BE(16, at)
    packed.write(id, at + 4, 'hex')
    at += 20
  }
  return packed
}

export function packIntegers(values: readonly number[]): Buffer {
  const packed = startArray(OID.int8, values.length, values.length * 8)
  let at = HEADER_BYTES
  for (const value of values) {
    packed.writeInt32BE(8, at)
    packed.writeInt32BE(Math.floor(value / 0x1_0000_0000), at + 4)
    packed.writeUInt32BE(value >>> 0, at + 8)
    at += 12
  }
  return packed
}

export const idBytes = (id: string): Buffer => Buffer.from(id, 'hex')
export const idText = <Id extends string>(bytes: Uint8Array): Id =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex') as Id
