import { runCommand } from './commands.ts'
import { parseConfig, SERVICES, type ServerConfig, type ServiceName } from './config.ts'
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

/** A signal that comes while the server is starting waits for the start: nothing is left running behind. */
function exitOnSignals(starting: Promise<Server>): void {
  const leave = () => {
    setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref()
    starting
      .then(server => server.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      )
  }
  process.once('SIGTERM', leave)
  process.once('SIGINT', leave)
}

function readConfig(service: ServiceName): ServerConfig {
  try {
    return parseConfig(process.env, service)
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

/** `serve` and `serve chat` start a server, as nothing at all does; anything else is a command beside one. */
function serviceOf([word, name = 'all', ...rest]: readonly string[]): ServiceName | undefined {
  if (word === undefined) return 'all'
  return word === 'serve' && rest.length === 0 ? SERVICES.find(service => service === name) : undefined
}

async function main(): Promise<void> {
  const command = process.argv.slice(2)
  const service = serviceOf(command)
  const config = readConfig(service ?? 'all')
  if (service === undefined) {
    const told = await runCommand(config, command).catch(error => fail(error.message))
    process.stdout.write(`${told}\n`)
    return
  }
  const starting = createServer(config)
  exitOnSignals(starting)
  const server = await starting.catch(error => fail(explain(error, config.port)))
  const { log } = server.contextForTesting
  process.on('unhandledRejection', error => log.error('unhandled rejection', describeError(error)))
  try {
    const { url } = await server.start()
    process.stdout.write(`Entangle is ready at ${url}\n`)
  } catch (error) {
    await server.close().catch(() => undefined)
    fail(explain(error, config.port))
  }
}

await main()
