import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProtocolError } from '@entangle/protocol'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const A_YEAR = 'public, max-age=31536000, immutable'

/** The web client: hashed assets are kept for ever, the page that names them is always asked for. */
export async function mountStaticFiles(app: FastifyInstance, webDir: string | undefined): Promise<void> {
  if (webDir !== undefined) {
    await app.register(fastifyStatic, {
      root: webDir,
      wildcard: false,
      index: false,
      cacheControl: false,
      // The build lays a compressed copy beside each file.
      preCompressed: true,
      setHeaders: (reply, path) => {
        reply.header('cache-control', path.includes('/assets/') ? A_YEAR : 'no-cache')
      },
    })
  }
  app.setNotFoundHandler(async (request, reply) => {
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') &&
      !/^\/(v1|\.well-known|assets)(\/|$)/.test(request.url) &&
      // A missing file must not be answered with the page: a browser would take it for the file.
      !/\.\w+$/.test(request.url.split('?', 1)[0] ?? '')
    const page = isPage && webDir !== undefined ? await readPage(webDir) : undefined
    if (page === undefined) throw new ProtocolError('ROUTE_NOT_FOUND')
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page)
  })
}

const readPage = (webDir: string): Promise<Buffer | undefined> =>
  readFile(join(webDir, 'index.html')).catch(() => undefined)
