/** Keeps the 32-byte key that seals the local store: created at first use, the same ever after. */
export type KeyVault = { readonly storeKey: () => Promise<Uint8Array> }
