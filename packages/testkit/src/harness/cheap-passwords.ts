import { createOpaquePasswordProtocol } from '@entangle/client/node'
import type { PasswordProtocol } from '@entangle/client/ports'

/** Key stretching costs whole cores by design, and is the client's alone: the server cannot tell. */
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

/** The real OPAQUE, towards the real server, without its key stretching. */
export const createCheapPasswordProtocol = (): PasswordProtocol =>
  createOpaquePasswordProtocol({ keyStretching })
