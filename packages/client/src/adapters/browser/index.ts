export { connectEngine } from './connect-engine.ts'
export { randomId } from './random-id.ts'
export { type EngineWorkerScope, startEngineWorker } from './start-engine-worker.ts'
