export class ScriptedError extends Error {
  readonly code: string
  readonly retry = 'after-change'
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
