import type { BrowserContext } from 'playwright-core'

/** Everything that crossed the network to and from the pages of a context. */
export type Capture = {
  /** Bodies, headers and frames, in no particular order. */
  readonly pieces: Buffer[]
  /** How many WebSocket frames were among them: a capture that saw none proves nothing. */
  frameCount(): number
}

/** Records requests, answers and WebSocket frames of a context from now on. */
export function captureTraffic(context: BrowserContext): Capture {
  const pieces: Buffer[] = []
  let frames = 0
  const keep = (payload: string | Buffer) => {
    frames++
    pieces.push(typeof payload === 'string' ? Buffer.from(payload) : payload)
  }
  const watch = (page: ReturnType<BrowserContext['pages']>[number]) => {
    page.on('websocket', socket => {
      pieces.push(Buffer.from(socket.url()))
      socket.on('framesent', ({ payload }) => keep(payload))
      socket.on('framereceived', ({ payload }) => keep(payload))
    })
  }
  context.pages().forEach(watch)
  context.on('page', watch)
  context.on('request', request => {
    pieces.push(Buffer.from(request.url()), Buffer.from(JSON.stringify(request.headers())))
    const body = request.postDataBuffer()
    if (body) pieces.push(body)
  })
  context.on('response', async response => {
    pieces.push(Buffer.from(JSON.stringify(response.headers())))
    const body = await response.body().catch(() => undefined)
    if (body) pieces.push(body)
  })
  return { pieces, frameCount: () => frames }
}
