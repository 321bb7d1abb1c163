import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../harness/free-port.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { childrenOf, findProgram, type ServiceProcess, startService } from './service-process.ts'

export const findNginx = (): string | undefined => process.env['NGINX'] ?? findProgram('nginx')

const KINDS = ['auth', 'keys', 'chat'] as const
type Kind = (typeof KINDS)[number]
/** Where a process is reached: its public port and its internal one. */
type Upstream = { readonly host: string; readonly port: number; readonly internalPort: number }
export type Upstreams = Readonly<Record<Kind, readonly Upstream[]>>

/** Addresses are known before anything runs, because the services name each other by them. */
export type NginxPorts = { readonly port: number; readonly internal: Readonly<Record<Kind, number>> }

export async function chooseNginxPorts(wanted?: number): Promise<NginxPorts> {
  const [port, auth, keys, chat] = [
    wanted ?? (await findFreePort()),
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ]
  return { port, internal: { auth, keys, chat } }
}

export type NginxProcess = ServiceProcess & {
  readonly url: string
  /** The processes that serve; the first one only keeps them. */
  workers(): Promise<number[]>
  dispose(): Promise<void>
}

const TEMPLATE = fileURLToPath(new URL('../../../../deploy/nginx/entangle.conf.template', import.meta.url))

const serversOf = (upstreams: readonly Upstream[], port: 'port' | 'internalPort') =>
  upstreams.map(each => `server ${each.host}:${String(each[port])} max_fails=0;`).join(' ')

async function renderSite(ports: NginxPorts, upstreams: Upstreams): Promise<string> {
  const values: Record<string, string> = { LISTEN: `listen 127.0.0.1:${String(ports.port)};` }
  for (const kind of KINDS) {
    const name = kind.toUpperCase()
    values[`${name}_SERVERS`] = serversOf(upstreams[kind], 'port')
    values[`INTERNAL_${name}_SERVERS`] = serversOf(upstreams[kind], 'internalPort')
    values[`INTERNAL_${name}`] = `127.0.0.1:${String(ports.internal[kind])}`
  }
  const template = await readFile(TEMPLATE, 'utf8')
  return template.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => values[name] ?? '')
}

/** NGINX with the template that operators get, on loopback and without TLS. */
export async function startNginx(ports: NginxPorts, upstreams: Upstreams): Promise<NginxProcess> {
  const file = findNginx()
  if (file === undefined) throw new Error('There is no nginx here.')
  const folder = await createTempDir('nginx')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${join(folder.path, name)};`)
    .join('\n')
  // Its workers would be somebody else, to whom our folder is closed.
  const isRoot = process.getuid?.() === 0
  const main = `
    daemon off;
    ${isRoot ? 'user root;' : ''}
    worker_processes 1;
    pid ${join(folder.path, 'nginx.pid')};
    error_log stderr warn;
    events { worker_connections 32768; }
    http {
      ${paths}
      ${await renderSite(ports, upstreams)}
    }`
  const config = join(folder.path, 'nginx.conf')
  await writeFile(config, main)
  const url = `http://localhost:${String(ports.port)}`
  const service = await startService({
    name: 'NGINX',
    file,
    args: ['-p', folder.path, '-c', config, '-e', 'stderr'],
    cwd: folder.path,
    async check() {
      const answer = await fetch(`http://127.0.0.1:${String(ports.port)}/healthz`)
      if (!answer.ok) throw new Error(`it answers ${String(answer.status)}`)
    },
  })
  return {
    ...service,
    url,
    workers: () => childrenOf(service.pid()),
    async dispose() {
      await service.stop()
      await folder.remove()
    },
  }
}
