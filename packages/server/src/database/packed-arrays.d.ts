export declare function packBytes(values: readonly Uint8Array[]): Buffer
/** Identifiers, written as bytes. */
export declare function packIds(ids: readonly string[]): Buffer
export declare function packIntegers(values: readonly number[]): Buffer
export declare const idBytes: (id: string) => Buffer
export declare const idText: <Id extends string>(bytes: Uint8Array) => Id
