import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '@entangle/server/node-flags'
import { parse } from 'yaml'
import { type Endings, openAll } from '../harness/endings.ts'
import { findFreePort } from '../harness/free-port.ts'
import { SERVER_MAIN } from '../harness/server-process.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findProgram, type ServiceProcess, startService } from './service-process.ts'

export const findKong = (): string | undefined => process.env['KONG_BIN'] ?? findProgram('kong')

type Environment = Readonly<Record<string, string>>
/** Where processes of each service are reached, `host:port`. */
export type KongTargets = Readonly<Record<'auth' | 'keys' | 'chat', readonly string[]>>
export type KongPorts = { readonly proxy: number; readonly admin: number; readonly status: number }

/** A Kong, and beside it the command of ours that gives it its file and the keys. */
export type KongProcess = {
  readonly port: number
  readonly adminUrl: string
  readonly follower: ServiceProcess
  output(): string
  dispose(): Promise<void>
}

const COMPOSE = fileURLToPath(new URL('../../../../deploy/compose/compose.yaml', import.meta.url))
const LOOPBACK = '127.0.0.1'

const at = (port: number): string => `${LOOPBACK}:${String(port)}`

/** The settings that operators get, with the places of this machine. */
export async function kongSettings(prefix: string, ports: KongPorts): Promise<Environment> {
  const compose: { services: { kong: { environment: Environment } } } = parse(await readFile(COMPOSE, 'utf8'))
  // Its workers would be somebody else, to whom our folder is closed.
  const isRoot = process.getuid?.() === 0
  return {
    ...compose.services.kong.environment,
    KONG_PREFIX: prefix,
    KONG_PROXY_LISTEN: at(ports.proxy),
    KONG_ADMIN_LISTEN: at(ports.admin),
    KONG_STATUS_LISTEN: at(ports.status),
    KONG_TRUSTED_IPS: LOOPBACK,
    // Our end of its output is a socket, and those cannot be opened by a path.
    KONG_PROXY_ERROR_LOG: 'stderr',
    KONG_ADMIN_ERROR_LOG: 'stderr',
    KONG_NGINX_DAEMON: 'off',
    KONG_NGINX_WORKER_PROCESSES: '1',
    ...(isRoot && { KONG_NGINX_USER: 'root root' }),
  }
}

/** Kong's command waits for the NGINX that it has started, and passes no signal on to that. */
async function stopKong(prefix: string, command: ServiceProcess | undefined): Promise<void> {
  const pid = Number(await readFile(join(prefix, 'pids', 'nginx.pid'), 'utf8').catch(() => ''))
  try {
    if (pid > 0) process.kill(pid, 'SIGTERM')
  } catch {}
  await command?.stop()
}

/** Kong without a database, as operators get it, on loopback; it is there when it leads people to the services. */
export async function startKong(targets: KongTargets): Promise<KongProcess> {
  const file = findKong()
  if (file === undefined) throw new Error('There is no Kong here.')
  return openAll(endings => startBoth(file, targets, endings))
}

async function startBoth(
  file: string,
  targets: KongTargets,
  { add, dispose }: Endings,
): Promise<KongProcess> {
  const folder = await createTempDir('kong')
  const ports = { proxy: await findFreePort(), admin: await findFreePort(), status: await findFreePort() }
  const adminUrl = `http://${at(ports.admin)}`
  const answers = (path: string) => async () => {
    const answer = await fetch(`http://${at(ports.status)}${path}`)
    if (!answer.ok) throw new Error(`it answers ${String(answer.status)}`)
  }
  add(() => folder.remove())
  let kong: ServiceProcess | undefined
  add(() => stopKong(folder.path, kong))
  kong = await startService({
    name: 'Kong',
    file,
    args: ['start'],
    cwd: folder.path,
    env: await kongSettings(folder.path, ports),
    check: answers('/status'),
  })
  const follower = await startService({
    name: 'kong-follow',
    file: process.execPath,
    args: [...NODE_FLAGS, SERVER_MAIN, 'kong-follow'],
    cwd: folder.path,
    env: {
      DATA_DIR: folder.path,
      KONG_ADMIN_URL: adminUrl,
      AUTH_TARGETS: targets.auth.join(','),
      KEYS_TARGETS: targets.keys.join(','),
      CHAT_TARGETS: targets.chat.join(','),
    },
    check: answers('/status/ready'),
  })
  add(() => follower.stop())
  return { port: ports.proxy, adminUrl, follower, output: kong.output, dispose }
}
