export * from './api/engine-api.ts'
export { ENGINE_FAILURES, type EngineFailureCode } from './api/failures.ts'
