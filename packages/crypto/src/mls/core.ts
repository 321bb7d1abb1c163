import { CryptoError, isCryptoErrorCode } from '../errors.ts'

/** What the generated glue exports, as far as it concerns the life of the instance. */
interface Instance {
  /** Raised when a trap made every object of the instance unusable. */
  generation: number
  restart: () => void
}

const instance: Instance = { generation: 0, restart: () => undefined }

/** Tells how to bring up a fresh WebAssembly instance after a trap. */
export function onTrap(restart: () => void): void {
  instance.restart = restart
}

/** The crate throws refusals as `CODE|detail`; anything else that comes out of it is a trap. */
function fromThrown(thrown: unknown): CryptoError {
  if (thrown instanceof CryptoError) return thrown
  if (typeof thrown === 'string') {
    const bar = thrown.indexOf('|')
    const code = thrown.slice(0, bar)
    if (isCryptoErrorCode(code)) return new CryptoError(code, thrown.slice(bar + 1))
  }
  instance.generation++
  instance.restart()
  return new CryptoError('CRYPTO_INSTANCE_LOST', String(thrown).slice(0, 200))
}

/** Runs a call into the crate. A trap costs all open objects, not the program: see CRYPTO_INSTANCE_LOST. */
export function guarded<T>(call: () => T): T {
  try {
    return call()
  } catch (thrown) {
    throw fromThrown(thrown)
  }
}

interface Freeable {
  free(): void
}

/** Holds an object of the crate and refuses to use it after a trap or after it was closed. */
export class Handle<Core extends Freeable> {
  #core: Core | null
  readonly #generation: number

  constructor(create: () => Core) {
    this.#core = guarded(create)
    this.#generation = instance.generation
  }

  use<T>(call: (core: Core) => T): T {
    const core = this.#core
    if (core === null) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'used after close')
    if (this.#generation !== instance.generation)
      throw new CryptoError('CRYPTO_INSTANCE_LOST', 'reopen the state')
    return guarded(() => call(core))
  }

  close(): void {
    if (this.#core !== null && this.#generation === instance.generation) this.#core.free()
    this.#core = null
  }
}
