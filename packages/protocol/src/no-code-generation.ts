import { z } from 'zod'

/**
 * In a browser the content security policy forbids code made at run time, and even zod's caught attempt
 * is reported as a breach of it. Imported before any schema exists; Node keeps the faster parsers.
 */
const isBrowser = 'document' in globalThis || 'WorkerGlobalScope' in globalThis
if (isBrowser) z.config({ jitless: true })
