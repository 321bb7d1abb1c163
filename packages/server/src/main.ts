import { parseConfig } from './config.ts'
import { createServer, type Server } from './index.ts'
import { describeError } from './logging.ts'

/** Longer than this a shutdown may not take, whatever hangs. */
const EXIT_WITHIN_MS = 10_000

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function explain(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Choose one with PORT, for example: PORT=${port + 1} npm start`
  }
  if (code === 'EACCES')
    return `Port ${port} may not be opened by this user. Choose one above 1023 with PORT.`
  return error instanceof Error ? error.message : String(error)
}

function exitOnSignals(server: Server): void {
  const leave = () => {
    setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref()
    server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGTERM', leave)
  process.once('SIGINT', leave)
}

async function main(): Promise<void> {
  const config = (() => {
    try {
      return parseConfig(process.env)
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error))
    }
  })()
  let server: Server | undefined
  try {
    server = await createServer(config)
    const { log } = server.contextForTesting
    process.on('unhandledRejection', error => log.error('unhandled rejection', describeError(error)))
    exitOnSignals(server)
    const { url } = await server.start()
    process.stdout.write(`Entangle is ready at ${url}\n`)
  } catch (error) {
    await server?.close().catch(() => undefined)
    fail(explain(error, config.port))
  }
}

await main()
