/** The client's half of OPAQUE (RFC 9807). Messages are base64url text; `exportKey` is 64 secret bytes. */
export type PasswordProtocol = {
  readonly startRegistration: (password: string) => Promise<{ state: string; request: string }>
  readonly finishRegistration: (input: {
    password: string
    state: string
    response: string
  }) => Promise<{ record: string; exportKey: Uint8Array }>
  readonly startLogin: (password: string) => Promise<{ state: string; request: string }>
  /** Undefined when the password is wrong. */
  readonly finishLogin: (input: {
    password: string
    state: string
    response: string
  }) => Promise<{ request: string; exportKey: Uint8Array } | undefined>
}
