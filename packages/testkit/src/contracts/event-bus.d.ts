/** The port as its users see it; adapters of the server fit it by shape. */
export type EventBusUnderTest = {
    publish(slot: string, events: readonly string[]): void;
    subscribe(slot: string, handler: (events: readonly string[]) => void): () => void;
};
export type EventBusMedium = {
    readonly bus: EventBusUnderTest;
    readonly destroy: () => Promise<void>;
};
/** What every event bus must do, whatever carries it. */
export declare function eventBusContract(name: string, create: () => Promise<EventBusMedium>): void;
