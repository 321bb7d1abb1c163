// The bundler turns this import into the address of a file that it serves.
declare module '@entangle/crypto/entangle.wasm?url' {
  const address: string
  export = address
}
