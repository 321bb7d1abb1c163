export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path and query. */
  readonly target: string
  /** CBOR. */
  readonly body: Uint8Array | undefined
  readonly accessToken: string | undefined
  readonly timeoutMs: number
}

export type HttpAnswer = { readonly status: number; readonly body: Uint8Array }

export type SocketEvents = {
  readonly opened: () => void
  readonly received: (frame: Uint8Array) => void
  /** Exactly once, also when the socket never opened. */
  readonly closed: (code: number) => void
}

export type SocketHandle = {
  readonly send: (frame: Uint8Array) => void
  readonly close: () => void
}

/** The way to one server. The refresh cookie belongs to the transport; nobody else sees it. */
export type Transport = {
  /** Where the application is served, without a slash at its end. */
  readonly origin: string
  /** Rejects with NetworkError when no answer came; any HTTP status is an answer. */
  readonly exchange: (request: HttpRequest) => Promise<HttpAnswer>
  readonly openSocket: (ticket: string, events: SocketEvents) => SocketHandle
}

/** No answer from the server: the outcome is unknown. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  /** Of an answer that was not the server's: of a gateway before it. */
  readonly status: number | undefined

  constructor(message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options)
    this.status = options.status
  }
}
