import { createEndings } from '../harness/endings.ts'
import { findKong } from '../services/kong.ts'
import { missingForCluster, startCluster } from './cluster.ts'
import { startDatabases } from './databases.ts'

// `npm run cluster`: the whole picture on one machine, until it is told to stop.

const PORT = Number(process.env['PORT'] ?? 8420)
const SIZE = { auth: 2, keys: 2, chat: 3, kafka: 3 } as const

const say = (line: string) => process.stdout.write(`${line}\n`)

const missing = missingForCluster()
if (missing.length > 0) {
  process.stderr.write(`Missing: ${missing.join(', ')}.\n`)
  process.exit(1)
}

// A terminal tells all of its processes at once, and whoever started us tells us as well: more than one signal is one.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
const stopped = new Promise(resolve => stop.signal.addEventListener('abort', resolve))
const endings = createEndings()
try {
  const databases = endings.keep(await startDatabases())
  say('PostgreSQL, a database for users and one for chat')
  const withKong = findKong() !== undefined
  const { signal } = stop
  const cluster = await startCluster({
    size: SIZE,
    databases: databases.env,
    port: PORT,
    withKong,
    say,
    signal,
  })
  endings.keep(cluster)
  say(
    withKong
      ? 'NGINX, and Kong behind it: tokens, sizes and limits by address are looked at before the services, and in them.'
      : 'NGINX, and no Kong, for there is none here: tokens, sizes and limits are looked at by the services alone.',
  )
  say(`Entangle is ready at ${cluster.url}`)
  await stopped
} catch (error) {
  // What is starting ends of the signal as well, and that is no failure.
  if (!stop.signal.aborted) throw error
} finally {
  await endings.dispose()
}
process.exit(0)
