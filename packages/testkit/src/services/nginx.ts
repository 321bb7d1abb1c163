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

/** What operators get, with its variables filled in. */
async function render(template: string, values: Readonly<Record<string, string>>): Promise<string> {
  const file = fileURLToPath(new URL(`../../../../deploy/nginx/${template}`, import.meta.url))
  return (await readFile(file, 'utf8')).replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => values[name] ?? '')
}

const serversOf = (upstreams: readonly Upstream[], port: 'port' | 'internalPort') =>
  upstreams.map(each => `server ${each.host}:${String(each[port])} max_fails=0;`).join(' ')

async function renderSite(ports: NginxPorts, upstreams: Upstreams, listen: string): Promise<string> {
  const values: Record<string, string> = { LISTEN: `listen ${listen};` }
  for (const kind of KINDS) {
    const name = kind.toUpperCase()
    values[`${name}_SERVERS`] = serversOf(upstreams[kind], 'port')
    values[`INTERNAL_${name}_SERVERS`] = serversOf(upstreams[kind], 'internalPort')
    values[`INTERNAL_${name}`] = `127.0.0.1:${String(ports.internal[kind])}`
  }
  return render('entangle.conf.template', values)
}

/** NGINX with the templates that operators get, on loopback and without TLS: before the services, or before a Kong. */
export async function startNginx(
  ports: NginxPorts,
  upstreams: Upstreams,
  kongPort?: number,
): Promise<NginxProcess> {
  const file = findNginx()
  if (file === undefined) throw new Error('There is no nginx here.')
  const folder = await createTempDir('nginx')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${join(folder.path, name)};`)
    .join('\n')
  // Its workers would be somebody else, to whom our folder is closed.
  const isRoot = process.getuid?.() === 0
  const entrance = `127.0.0.1:${String(ports.port)}`
  // The services find each other by NGINX all the same; past Kong no visitor finds them.
  const site = await renderSite(ports, upstreams, kongPort ? `unix:${folder.path}/past-kong` : entrance)
  const kong =
    kongPort &&
    (await render('kong.conf.template', {
      LISTEN: `listen ${entrance};`,
      KONG_SERVERS: `server 127.0.0.1:${String(kongPort)} max_fails=0;`,
    }))
  const main = `
    daemon off;
    ${isRoot ? 'user root;' : ''}
    worker_processes 1;
    pid ${join(folder.path, 'nginx.pid')};
    error_log stderr warn;
    events { worker_connections 32768; }
    http {
      ${paths}
      ${site}
      ${kong ?? ''}
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
