/** The exact origins from which a browser may change anything or open the socket. */
export type Origins = {
  readonly secure: boolean
  /** The origin that tokens name as their issuer. */
  readonly primary: string
  /**
   * An absent Origin passes: browsers send one with every request that changes something and with every
   * WebSocket, so only a program without a person's cookies comes without.
   */
  allows(origin: string | undefined): boolean
  socketOrigins(): readonly string[]
}

export function createOrigins(publicUrl: URL | undefined, port: () => number): Origins {
  const list = () =>
    publicUrl === undefined
      ? [`http://localhost:${port()}`, `http://127.0.0.1:${port()}`]
      : [publicUrl.origin]
  return {
    secure: publicUrl?.protocol === 'https:',
    get primary() {
      return list()[0] ?? ''
    },
    allows: origin => origin === undefined || list().includes(origin),
    socketOrigins: () => list().map(origin => origin.replace(/^http/, 'ws')),
  }
}
