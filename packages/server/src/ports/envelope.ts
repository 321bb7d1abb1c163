/** A value, and the only place in which it opens: table, row and column. */
export type Placed = { readonly place: string; readonly bytes: Uint8Array }

/**
 * Seals what the server itself must be able to read again. Whoever asks opens only what it has sealed itself, and each
 * value only where it was: one that is moved to another row does not open.
 */
export type Envelope = {
  /** Answers in the order of the values. */
  seal(values: readonly Placed[]): Promise<readonly Uint8Array[]>
  /** The same. Throws if any of them does not open. */
  open(values: readonly Placed[]): Promise<readonly Uint8Array[]>
}

function only(values: readonly Uint8Array[]): Uint8Array {
  const [value] = values
  if (value === undefined) throw new Error('the envelope has not answered')
  return value
}

export const sealOne = async (envelope: Envelope, place: string, bytes: Uint8Array): Promise<Uint8Array> =>
  only(await envelope.seal([{ place, bytes }]))

export const openOne = async (envelope: Envelope, place: string, bytes: Uint8Array): Promise<Uint8Array> =>
  only(await envelope.open([{ place, bytes }]))
