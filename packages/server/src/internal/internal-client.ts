import { decodeCbor, ERRORS, type ErrorCode, encodeCbor, ProtocolError } from '@entangle/protocol'
import { z } from 'zod'
import type { Clock } from '../ports/clock.ts'
import { INTERNAL_CALLS, type InternalAnswer, type InternalName, type InternalRequest } from './calls.ts'
import { SEAL_HEADER, seal } from './seal.ts'

export type InternalClient = {
  /** Throws what the other service refused with, and SERVER_UNAVAILABLE where it cannot be asked. */
  call<Name extends InternalName>(name: Name, request: InternalRequest<Name>): Promise<InternalAnswer<Name>>
}

type Parts = {
  /** Where each service is asked. */
  readonly urls: Readonly<Partial<Record<'auth' | 'keys' | 'chat', URL | undefined>>>
  readonly secret: string
  readonly clock: Pick<Clock, 'now'>
}

const ANSWER_WITHIN_MS = 3000
/** Every call may be repeated: a process that is just being replaced is asked again. */
const PAUSES_MS = [0, 50, 250]

const refusalSchema = z.object({ code: z.string() })
const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)
/**
 * About the call and not about what was asked: another secret, clocks apart, another version. Handed on, it would tell a
 * person's device that it is signed out.
 */
const OF_THE_CALL: ReadonlySet<string> = new Set(['SERVER_UNAVAILABLE', 'AUTH_REQUIRED', 'ROUTE_NOT_FOUND'])

class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export function createInternalClient({ urls, secret, clock }: Parts): InternalClient {
  async function ask(name: InternalName, body: Uint8Array): Promise<unknown> {
    const base = urls[INTERNAL_CALLS[name].service]
    if (base === undefined) throw new Unreachable(`nobody is named for ${name}`)
    const answer = await fetch(new URL(`/internal/${name}`, base), {
      method: 'POST',
      headers: { [SEAL_HEADER]: seal(secret, clock.now(), name, body), 'content-type': 'application/cbor' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch(cause => {
      throw new Unreachable(name, { cause })
    })
    const decoded = decodeCbor(new Uint8Array(await answer.arrayBuffer()))
    if (answer.ok) return decoded
    const { code } = refusalSchema.parse(decoded)
    if (!isErrorCode(code) || OF_THE_CALL.has(code)) throw new Unreachable(code)
    throw new ProtocolError(code)
  }

  async function askAgain(name: InternalName, body: Uint8Array): Promise<unknown> {
    let last: unknown
    for (const pauseMs of PAUSES_MS) {
      if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
      try {
        return await ask(name, body)
      } catch (error) {
        if (error instanceof ProtocolError) throw error
        last = error
      }
    }
    throw new ProtocolError('SERVER_UNAVAILABLE', {}, { cause: last })
  }

  return {
    async call(name, request) {
      const answer = await askAgain(name, encodeCbor(request))
      // The schema is tied to the name; together they are a generic that the compiler does not follow.
      return INTERNAL_CALLS[name].answer.parse(answer) as InternalAnswer<typeof name>
    },
  }
}
