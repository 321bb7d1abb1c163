import workerAddress from './worker.ts?worker&url'

// The part of Trusted Types that is used here; not every browser has it, nor every type library.
type ScriptAddressPolicy = { readonly createScriptURL: (address: string) => string }
type PolicyFactory = {
  readonly createPolicy: (
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ) => ScriptAddressPolicy
}

/** The only script address this application ever makes; the page's policy admits no other name than this. */
function createWorkerPolicy(): ScriptAddressPolicy {
  const rules = {
    createScriptURL: (address: string) => {
      if (address !== workerAddress) throw new TypeError('Only the engine may be started as a worker.')
      return address
    },
  }
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
  return factory === undefined ? rules : factory.createPolicy('entangle', rules)
}

export function createEngineWorker(): Worker {
  const address = createWorkerPolicy().createScriptURL(workerAddress)
  return new Worker(address, { type: 'module', name: 'entangle-engine' })
}
