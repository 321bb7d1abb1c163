/** The port as its users see it; adapters of the server fit it by shape. */
export type CacheUnderTest = {
    get(key: string): Promise<string | undefined>;
    set(key: string, value: string, timeToLiveMs: number): Promise<void>;
    take(key: string): Promise<string | undefined>;
    delete(key: string): Promise<void>;
    spend(key: string, bucket: {
        readonly capacity: number;
        readonly perMinute: number;
    }): Promise<number>;
};
export type CacheMedium = {
    readonly cache: CacheUnderTest;
    /** Lets that much time go by, for the cache. */
    readonly advance: (milliseconds: number) => Promise<void>;
    readonly destroy: () => Promise<void>;
};
/** What every cache must do, whatever keeps it. */
export declare function cacheContract(name: string, create: () => Promise<CacheMedium>): void;
