import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the whole project. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const inRoot = (...parts) => join(ROOT, ...parts)
