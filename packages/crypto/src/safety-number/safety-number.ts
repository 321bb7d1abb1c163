export interface SafetyNumberParty {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** 1984 bytes. */
  readonly accountPublicKey: Uint8Array
}

/**
 * 60 decimal digits (no spaces) over two account keys; the same whoever asks. A new device does not change it,
 * a new account key does. 30 digits (about 100 bits) stand for each party.
 */
export declare function createSafetyNumber(one: SafetyNumberParty, other: SafetyNumberParty): string
