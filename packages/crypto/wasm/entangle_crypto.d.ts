/* tslint:disable */
/* eslint-disable */

export class DeviceCore {
    free(): void;
    [Symbol.dispose](): void;
    acceptWelcome(): any;
    accept(): void;
    clearPending(group_id: Uint8Array | number[]): void;
    commit(group_id: Uint8Array | number[], add: Uint8Array[], remove: Uint32Array | number[], proposals: Uint8Array[], data?: Uint8Array | number[] | null): any;
    createGroup(group_id: Uint8Array | number[], _public: Uint8Array | number[], content: Uint8Array | number[], data: Uint8Array | number[]): any;
    createKeyPackage(_public: Uint8Array | number[], content: Uint8Array | number[], last_resort: boolean): any;
    createSignatureKey(): Uint8Array;
    deleteGroup(group_id: Uint8Array | number[]): void;
    deleteKeyPackage(reference: Uint8Array | number[]): void;
    deletePastEpochs(group_id: Uint8Array | number[], ended_before_ms: number): void;
    deletePsk(id: Uint8Array | number[]): void;
    deleteSignatureKey(_public: Uint8Array | number[]): void;
    discardStaged(group_id: Uint8Array | number[]): void;
    discard(): void;
    encrypt(group_id: Uint8Array | number[], plaintext: Uint8Array | number[], authenticated_data: Uint8Array | number[]): Uint8Array;
    exportGroupInfo(group_id: Uint8Array | number[]): Uint8Array;
    exportPendingSecret(group_id: Uint8Array | number[], label: string, context: Uint8Array | number[], length: number): Uint8Array;
    exportSecret(group_id: Uint8Array | number[], label: string, context: Uint8Array | number[], length: number): Uint8Array;
    exportTree(group_id: Uint8Array | number[]): Uint8Array;
    joinExternally(_public: Uint8Array | number[], content: Uint8Array | number[], group_info: Uint8Array | number[], tree: Uint8Array | number[], psk?: Uint8Array | number[] | null): any;
    keyPackageKeys(): string[];
    load(keys: string[], values: Uint8Array[]): void;
    members(group_id: Uint8Array | number[]): any;
    mergePending(group_id: Uint8Array | number[]): any;
    mergeStaged(group_id: Uint8Array | number[]): any;
    constructor();
    process(group_id: Uint8Array | number[], message: Uint8Array | number[], proposals: Uint8Array[], accepted_at_ms?: number | null): any;
    proposeSelfRemove(group_id: Uint8Array | number[]): Uint8Array;
    signWithDeviceKey(_public: Uint8Array | number[], label: string, message: Uint8Array | number[]): Uint8Array;
    stageWelcome(welcome: Uint8Array | number[], tree: Uint8Array | number[]): any;
    status(group_id: Uint8Array | number[]): any;
    storePsk(id: Uint8Array | number[], secret: Uint8Array | number[]): void;
    takeChanges(): any;
    unload(group_id: Uint8Array | number[]): void;
}

export class PublicCore {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    accept(): void;
    static create(group_info: Uint8Array | number[], tree: Uint8Array | number[]): PublicCore;
    discardStaged(): void;
    discard(): void;
    exportTree(): Uint8Array;
    members(): any;
    mergeStaged(): void;
    static open(group_id: Uint8Array | number[], keys: string[], values: Uint8Array[]): PublicCore;
    process(message: Uint8Array | number[], proposals: Uint8Array[]): any;
    status(): any;
    takeChanges(): any;
    /**
     * Accepts the GroupInfo of the present epoch if that leaf has signed it and it lets others come in from outside.
     * The tree is at hand: none of its leaves is verified again, so none that has expired since ends the group.
     */
    verifyGroupInfo(group_info: Uint8Array | number[], signer: number): void;
}

export function __wbg_reset_state(): void;

export function accountPublicKey(seeds: Uint8Array | number[]): Uint8Array;

export function accountSeeds(): Uint8Array;

export function accountSign(seeds: Uint8Array | number[], label: string, message: Uint8Array | number[]): Uint8Array;

export function accountVerify(_public: Uint8Array | number[], label: string, message: Uint8Array | number[], signature: Uint8Array | number[]): boolean;

export function deviceVerify(_public: Uint8Array | number[], label: string, message: Uint8Array | number[], signature: Uint8Array | number[]): boolean;

/**
 * The clear header of an MLSMessage; nothing of it is verified.
 */
export function readHeader(message: Uint8Array | number[]): any;

export function suite(): number;

export function validateKeyPackage(message: Uint8Array | number[], now_ms: number): any;

export function welcomeRefs(welcome: Uint8Array | number[]): Uint8Array[];

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_devicecore_free: (a: number, b: number) => void;
    readonly __wbg_publiccore_free: (a: number, b: number) => void;
    readonly accountPublicKey: (a: number, b: number) => [number, number, number, number];
    readonly accountSeeds: () => [number, number, number, number];
    readonly accountSign: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number, number];
    readonly accountVerify: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly deviceVerify: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly devicecore_accept: (a: number) => void;
    readonly devicecore_acceptWelcome: (a: number) => [number, number, number];
    readonly devicecore_clearPending: (a: number, b: number, c: number) => [number, number];
    readonly devicecore_commit: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => [number, number, number];
    readonly devicecore_createGroup: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => [number, number, number];
    readonly devicecore_createKeyPackage: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number];
    readonly devicecore_createSignatureKey: (a: number) => [number, number, number, number];
    readonly devicecore_deleteGroup: (a: number, b: number, c: number) => void;
    readonly devicecore_deleteKeyPackage: (a: number, b: number, c: number) => void;
    readonly devicecore_deletePastEpochs: (a: number, b: number, c: number, d: number) => [number, number];
    readonly devicecore_deletePsk: (a: number, b: number, c: number) => [number, number];
    readonly devicecore_deleteSignatureKey: (a: number, b: number, c: number) => [number, number];
    readonly devicecore_discard: (a: number) => void;
    readonly devicecore_discardStaged: (a: number, b: number, c: number) => void;
    readonly devicecore_encrypt: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => [number, number, number, number];
    readonly devicecore_exportGroupInfo: (a: number, b: number, c: number) => [number, number, number, number];
    readonly devicecore_exportPendingSecret: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number, number];
    readonly devicecore_exportSecret: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number, number];
    readonly devicecore_exportTree: (a: number, b: number, c: number) => [number, number, number, number];
    readonly devicecore_joinExternally: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => [number, number, number];
    readonly devicecore_keyPackageKeys: (a: number) => [number, number];
    readonly devicecore_load: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly devicecore_members: (a: number, b: number, c: number) => [number, number, number];
    readonly devicecore_mergePending: (a: number, b: number, c: number) => [number, number, number];
    readonly devicecore_mergeStaged: (a: number, b: number, c: number) => [number, number, number];
    readonly devicecore_new: () => number;
    readonly devicecore_process: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => [number, number, number];
    readonly devicecore_proposeSelfRemove: (a: number, b: number, c: number) => [number, number, number, number];
    readonly devicecore_signWithDeviceKey: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => [number, number, number, number];
    readonly devicecore_stageWelcome: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly devicecore_status: (a: number, b: number, c: number) => [number, number, number];
    readonly devicecore_storePsk: (a: number, b: number, c: number, d: number, e: number) => [number, number];
    readonly devicecore_takeChanges: (a: number) => any;
    readonly devicecore_unload: (a: number, b: number, c: number) => [number, number];
    readonly publiccore_accept: (a: number) => void;
    readonly publiccore_create: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly publiccore_discard: (a: number) => [number, number];
    readonly publiccore_discardStaged: (a: number) => void;
    readonly publiccore_exportTree: (a: number) => [number, number, number, number];
    readonly publiccore_members: (a: number) => any;
    readonly publiccore_mergeStaged: (a: number) => [number, number];
    readonly publiccore_open: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number];
    readonly publiccore_process: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly publiccore_status: (a: number) => any;
    readonly publiccore_takeChanges: (a: number) => any;
    readonly publiccore_verifyGroupInfo: (a: number, b: number, c: number, d: number) => [number, number];
    readonly readHeader: (a: number, b: number) => [number, number, number];
    readonly suite: () => number;
    readonly validateKeyPackage: (a: number, b: number, c: number) => [number, number, number];
    readonly welcomeRefs: (a: number, b: number) => [number, number, number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
