import { connectEngine } from '@entangle/client/browser'
import { createEngineWorker } from './trusted-worker.ts'

/** Imported before everything else: the worker's script comes and starts while the page's own does. */
export const engine = connectEngine(createEngineWorker())
