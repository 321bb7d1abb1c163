const KINDS = [
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46]],
] as const

/** The kind that the bytes themselves show; what is none of the three is never handed to a decoder. */
function kindOf(bytes: Uint8Array): string | null {
  return KINDS.find(([, start]) => start.every((byte, place) => bytes[place] === byte))?.[0] ?? null
}

const addresses = new WeakMap<Uint8Array, string | null>()

/**
 * An address for an image element. A few KiB as a `data:` address need no revoking and are there at once,
 * so that nothing flickers when a list is drawn anew.
 */
export function pictureAddress(bytes: Uint8Array): string | null {
  const known = addresses.get(bytes)
  if (known !== undefined) return known
  const kind = kindOf(bytes)
  const address =
    kind === null
      ? null
      : `data:${kind};base64,${btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))}`
  addresses.set(bytes, address)
  return address
}
