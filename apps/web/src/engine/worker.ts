import { startEngineWorker } from '@entangle/client/browser'

startEngineWorker(self)
