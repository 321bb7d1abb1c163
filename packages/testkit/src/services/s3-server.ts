import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort } from '../harness/free-port.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findProgram, startService } from './service-process.ts'

/** Java, and the folder with the jars of S3Proxy, where both are here. */
export function findS3Server(): { readonly java: string; readonly jars: string } | undefined {
  const [java, jars] = [findProgram('java'), process.env['S3PROXY_JARS']]
  return java === undefined || jars === undefined ? undefined : { java, jars }
}

export type S3Server = {
  /** Of its bucket, with the key and the secret that open it. */
  readonly url: URL
  dispose(): Promise<void>
}

/** S3Proxy over a folder: it checks signatures as Amazon's does. */
export async function startS3Server(): Promise<S3Server> {
  const found = findS3Server()
  if (found === undefined) throw new Error('There is no S3Proxy here.')
  const folder = await createTempDir('s3')
  const [port, secret] = [await findFreePort(), randomBytes(24).toString('base64url')]
  const base = join(folder.path, 'data')
  // A bucket is a folder of it.
  await mkdir(join(base, 'blobs'), { recursive: true })
  const settings = {
    's3proxy.endpoint': `http://127.0.0.1:${String(port)}`,
    's3proxy.authorization': 'aws-v4',
    's3proxy.identity': 'entangle',
    's3proxy.credential': secret,
    'jclouds.provider': 'filesystem-nio2',
    'jclouds.filesystem.basedir': base,
  }
  const path = join(folder.path, 's3proxy.properties')
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(path, lines.join(''))
  const service = await startService({
    name: 'S3Proxy',
    file: found.java,
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(found.jars, '*'),
      'org.gaul.s3proxy.Main',
      '--properties',
      path,
    ],
    cwd: folder.path,
    async check() {
      // Who does not sign is refused: that is an answer.
      const { status } = await fetch(`http://127.0.0.1:${String(port)}/`)
      if (status !== 403) throw new Error(`it answers ${String(status)}`)
    },
  })
  return {
    url: new URL(`http://entangle:${secret}@127.0.0.1:${String(port)}/blobs`),
    async dispose() {
      await service.kill9()
      await folder.remove()
    },
  }
}
