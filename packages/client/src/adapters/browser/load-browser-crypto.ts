import { type Crypto, loadCrypto } from '@entangle/crypto'
import wasmUrl from '@entangle/crypto/entangle.wasm?url'

/** Fetches and starts the WebAssembly core. */
export async function loadBrowserCrypto(): Promise<Crypto> {
  const answer = await fetch(wasmUrl)
  if (!answer.ok) throw new Error(`the cryptography could not be loaded (${answer.status})`)
  return loadCrypto(new Uint8Array(await answer.arrayBuffer()))
}
