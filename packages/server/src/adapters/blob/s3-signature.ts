import { createHash, createHmac } from 'node:crypto'

export type S3Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** In the place of the hash of a body that is not known before it has been sent. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

export const EMPTY_PAYLOAD = sha256('')

type Request = {
  readonly method: string
  /** Without a query. */
  readonly url: URL
  /** By lower-case names; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly payloadHash: string
}

/** The headers of a request with AWS Signature Version 4 for the service `s3`. */
export function signS3(
  { method, url, headers, payloadHash }: Request,
  { accessKeyId, secretAccessKey, region }: S3Credentials,
  nowMs: number,
): Record<string, string> {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const date = time.slice(0, 8)
  const all = { ...headers, host: url.host, 'x-amz-content-sha256': payloadHash, 'x-amz-date': time }
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = sorted.map(([name]) => name).join(';')
  const lines = sorted.map(([name, value]) => `${name}:${value.trim()}\n`).join('')
  const canonical = [method, url.pathname, '', lines, names, payloadHash].join('\n')

  const scope = `${date}/${region}/s3/aws4_request`
  const toSign = [ALGORITHM, time, scope, sha256(canonical)].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce<Uint8Array>(hmac, hmac(`AWS4${secretAccessKey}`, date))
  const signature = hmac(key, toSign).toString('hex')
  const credential = `${accessKeyId}/${scope}`
  return {
    ...all,
    authorization: `${ALGORITHM} Credential=${credential},SignedHeaders=${names},Signature=${signature}`,
  }
}
