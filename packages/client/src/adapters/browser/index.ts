export { connectEngine } from './connect-engine.ts'
export { type EngineWorkerScope, startEngineWorker } from './start-engine-worker.ts'
