import { type Logger, pino } from 'pino'

/**
 * What a log line may hold, and nothing else: no handles, no identifiers of people, devices or
 * conversations, no addresses, no bodies. A field that is not named here does not compile.
 */
export type LogFields = {
  readonly requestId?: string
  readonly operation?: string
  readonly status?: number
  readonly durationMs?: number
  readonly code?: string
  /** Name of an unexpected error and where it came from; its message may quote data and stays out. */
  readonly errorName?: string
  readonly errorCode?: string
  readonly errorPlace?: string
  readonly count?: number
}

export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const logger: Logger =
    destination === undefined
      ? pino(options, pino.destination({ dest: 2, sync: true }))
      : pino(options, destination)
  const at =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}) =>
      logger[severity](fields, event)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** An unexpected error as log fields: its kind and its place in our code. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { errorName: typeof error }
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line))
  const code = 'code' in error ? error.code : undefined
  return {
    errorName: error.name,
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    errorPlace: frames
      .slice(0, 6)
      .map(line => line.trim().replace(/\(?file:\/\/.*\/(packages|node_modules)\//, '($1/'))
      .join(' < '),
  }
}
