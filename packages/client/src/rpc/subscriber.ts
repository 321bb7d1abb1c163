import type { EngineConnection, EngineEvents, EngineRequestName, EngineRequests } from '../api/engine-api.ts'
import type { RequestId, RequestInput } from './frames.ts'

/**
 * One subscriber of the engine, with windows of its own: the engine itself, or something that stands for
 * it at a distance. The id makes a request safe to repeat when the engine moves to another tab.
 */
export type EngineSubscriber = {
  readonly handle: (name: EngineRequestName, input: unknown, id: RequestId) => Promise<unknown>
  readonly on: <Name extends keyof EngineEvents>(
    name: Name,
    listener: (value: EngineEvents[Name]) => void,
  ) => () => void
  readonly close: () => void
}

/** The face of a subscriber that interfaces hold. */
export function connectionOf(subscriber: EngineSubscriber, createId: () => RequestId): EngineConnection {
  return {
    request: <Name extends EngineRequestName>(
      name: Name,
      input: RequestInput<Name>,
      id: RequestId = createId(),
    ) => subscriber.handle(name, input, id) as ReturnType<EngineRequests[Name]>,
    on: subscriber.on,
    close: subscriber.close,
  }
}
