import { type Crypto, loadCrypto } from '@entangle/crypto'
import wasmUrl from '@entangle/crypto/entangle.wasm?url'
import { NetworkError } from '../../ports/transport.ts'

/** Compiled while it arrives: only so does the browser keep what it has compiled for the next visit. */
async function fetchCrypto(): Promise<Crypto> {
  const answer = await fetch(wasmUrl).catch(() => {
    throw new NetworkError('the cryptography could not be fetched')
  })
  if (!answer.ok) throw new NetworkError(`the cryptography could not be fetched (${answer.status})`)
  return loadCrypto(await WebAssembly.compileStreaming(answer))
}

/** Begins to fetch the WebAssembly core. Each call of what is returned waits for it, and begins anew where it failed. */
export function beginLoadingCrypto(): () => Promise<Crypto> {
  const begin = () => {
    const loading = fetchCrypto()
    loading.catch(() => {
      latest = undefined
    })
    return loading
  }
  let latest: Promise<Crypto> | undefined = begin()
  return () => {
    latest ??= begin()
    return latest
  }
}
