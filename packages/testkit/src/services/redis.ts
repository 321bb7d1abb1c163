import { connect } from 'node:net'
import { findFreePort } from '../harness/free-port.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findProgram, type ServiceProcess, startService } from './service-process.ts'

export const findRedis = (): string | undefined =>
  process.env['REDIS_SERVER'] ?? findProgram('redis-server', 'valkey-server')

export type RedisProcess = ServiceProcess & {
  readonly url: string
  readonly port: number
  /** Where it writes when it is told to SAVE. */
  readonly folder: string
  /** One command in its own words. */
  tell(command: string): Promise<string>
  dispose(): Promise<void>
}

const ASK_WITHIN_MS = 1000

/** One question in Redis' own words, without a client of ours. */
function ask(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${question}\r\n`))
    socket.setTimeout(ASK_WITHIN_MS, () => socket.destroy(new Error('no answer')))
    socket.once('data', data => {
      resolve(String(data))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

/** A Redis that keeps nothing on the disk: after a restart it is empty, as after a flush. */
export async function startRedis(): Promise<RedisProcess> {
  const file = findRedis()
  if (file === undefined) throw new Error('There is no redis-server here.')
  const port = await findFreePort()
  const folder = await createTempDir('redis')
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--rdbcompression',
    'no',
  ]
  const service = await startService({
    name: 'Redis',
    file,
    args: [...args, '--dir', folder.path, '--maxmemory', '256mb', '--maxmemory-policy', 'volatile-ttl'],
    cwd: folder.path,
    async check() {
      const answer = await ask(port, 'PING')
      if (!answer.startsWith('+PONG')) throw new Error(answer)
    },
  })
  return {
    ...service,
    url: `redis://127.0.0.1:${String(port)}`,
    port,
    folder: folder.path,
    tell: command => ask(port, command),
    async dispose() {
      await service.kill9()
      await folder.remove()
    },
  }
}
