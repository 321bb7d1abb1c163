/** The largest content that fits a bucket together with its padding. */
export const MAX_PADDED_BYTES = 61440

/** Pads to the next bucket (64 bytes, then powers of two, at last 60 KiB): content || 0x80 || zeros. Throws PADDING_TOO_LARGE. */
export declare function padToBucket(content: Uint8Array): Uint8Array

/** Strict inverse: accepts exactly what `padToBucket` writes. Throws PADDING_INVALID. */
export declare function unpad(padded: Uint8Array): Uint8Array
