import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { BlobKey, BlobStore } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import { exactSize } from './exact-size.ts'
import { EMPTY_PAYLOAD, type S3Credentials, signS3, UNSIGNED_PAYLOAD } from './s3-signature.ts'

/** Without a byte in either direction. */
const SILENCE_MS = 30_000

export type S3Place = {
  /** Of the bucket: `https://s3.example.org/bucket`. */
  readonly bucket: URL
  readonly credentials: S3Credentials
}

/** `https://KEY:SECRET@s3.example.org/bucket?region=eu-central-1` */
export function parseS3Url(url: URL): S3Place {
  const bucket = new URL(url.pathname.replace(/\/$/, ''), url.origin)
  const credentials = {
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
    region: url.searchParams.get('region') ?? 'us-east-1',
  }
  if (bucket.pathname === '/' || credentials.accessKeyId === '' || credentials.secretAccessKey === '') {
    throw new Error('https://KEY:SECRET@HOST/BUCKET?region=REGION is how a bucket is named.')
  }
  return { bucket, credentials }
}

/** Until there is room again, or nobody who would make it. */
const roomIn = (request: ClientRequest): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      request.off('drain', done).off('close', done)
      resolve()
    }
    request.on('drain', done).on('close', done)
  })

/** At the pace of the store. Not `pipeline`: that leaves a request open whose content has failed. */
async function send(content: AsyncIterable<Uint8Array>, request: ClientRequest): Promise<void> {
  for await (const chunk of content) {
    if (!request.write(chunk)) await roomIn(request)
    if (request.destroyed) throw new Error('the blob store has hung up')
  }
  request.end()
}

type Body = { readonly content: AsyncIterable<Uint8Array>; readonly sizeBytes: number }

/** Any store that speaks S3, by path (`HOST/BUCKET/KEY`). A blob is one object, sent in one piece. */
export function createS3BlobStore({ bucket, credentials }: S3Place, clock: Pick<Clock, 'now'>): BlobStore {
  async function exchange(method: string, key: BlobKey, body?: Body): Promise<IncomingMessage> {
    const url = new URL(`${bucket.pathname}/${key}`, bucket)
    const headers = signS3(
      {
        method,
        url,
        headers: body === undefined ? {} : { 'content-length': String(body.sizeBytes) },
        payloadHash: body === undefined ? EMPTY_PAYLOAD : UNSIGNED_PAYLOAD,
      },
      credentials,
      clock.now(),
    )
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, { method, headers })
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error('the blob store does not answer')))
    // Also after the answer has begun: then it is the answer that breaks off.
    request.on('error', () => undefined)
    const answered = once(request, 'response') as Promise<[IncomingMessage]>
    if (body === undefined) request.end()
    // What goes wrong with the content ends the request. A store that refuses early has answered all the same.
    else send(exactSize(body.content, body.sizeBytes), request).catch(error => request.destroy(error))
    return (await answered)[0]
  }

  /** For answers of which nothing but the head counts. */
  async function ask(method: string, key: BlobKey, body?: Body): Promise<IncomingMessage> {
    const answer = await exchange(method, key, body)
    answer.resume()
    return answer
  }

  const isMissing = ({ statusCode }: IncomingMessage) => statusCode === 404
  const sizeOf = ({ headers }: IncomingMessage) => Number(headers['content-length'])

  function assertDone(answer: IncomingMessage): void {
    const { statusCode = 0 } = answer
    if (statusCode >= 200 && statusCode < 300) return
    answer.destroy()
    throw new Error(`the blob store answers ${String(statusCode)}`)
  }

  return {
    async put(key, content, sizeBytes) {
      assertDone(await ask('PUT', key, { content, sizeBytes }))
    },
    async get(key) {
      const answer = await exchange('GET', key)
      if (isMissing(answer)) return void answer.resume()
      assertDone(answer)
      return { sizeBytes: sizeOf(answer), content: answer }
    },
    async size(key) {
      const answer = await ask('HEAD', key)
      if (isMissing(answer)) return undefined
      assertDone(answer)
      return sizeOf(answer)
    },
    async delete(key) {
      const answer = await ask('DELETE', key)
      if (!isMissing(answer)) assertDone(answer)
    },
  }
}
