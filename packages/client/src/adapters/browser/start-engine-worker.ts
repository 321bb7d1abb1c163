/** The part of a dedicated worker's global scope that the engine uses. */
export type EngineWorkerScope = {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
}

/** Called once in the application's worker script: runs the engine, or follows the tab that does. */
export function startEngineWorker(_scope: EngineWorkerScope): void {
  throw new Error('not built yet')
}
