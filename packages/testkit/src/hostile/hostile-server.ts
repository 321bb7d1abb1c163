import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type ConversationHead,
  type ConversationId,
  OPERATIONS,
  type OperationName,
  parseSend,
  type SendFrame,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import {
  type AnswerOf,
  type Call,
  placeRequest,
  type RequestOf,
  readAnswer,
  readCall,
  writeAnswer,
} from './operation-wire.ts'
import { readTold, type Told, writeTold } from './told.ts'

/** Throw it to answer a request with a refusal. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

type Answers = {
  readonly [Name in OperationName]?: (
    request: RequestOf<Name>,
    /** The real server's word. */
    truth: () => Promise<AnswerOf<Name>>,
  ) => AnswerOf<Name> | Promise<AnswerOf<Name>>
}

/** A part of a lie; what it does not mention passes as it is. Later ones see what earlier ones have made of it. */
export type Distortion = {
  readonly answers?: Answers
  /** What the client is told instead of this. */
  readonly tells?: (told: Told) => readonly Told[]
  /** A message of the client: false keeps it from the real server. */
  readonly hears?: (send: SendFrame) => boolean
}

/** What a client has said to its server, in order. */
export type Said =
  | { readonly kind: 'message'; readonly send: SendFrame }
  | { readonly kind: 'request'; readonly call: Call }

/**
 * A server that lies: real clients talk to it as to any other; it passes everything to a real server and back, and
 * changes on the way what the lies of the moment say. One client for each.
 */
export type HostileServer = {
  readonly url: string
  readonly said: readonly Said[]
  /** The newest word of the real server on each conversation. */
  readonly heads: ReadonlyMap<ConversationId, ConversationHead>
  /** Holds until the returned function is called. */
  lie(distortion: Distortion): () => void
  /** Says something unasked, as if it came from the real server. */
  tell(told: Told): void
  /** Asks the real server in the client's name. */
  ask<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<AnswerOf<Name>>
  /** Ends the connection; the client opens another. */
  hangUp(): void
  close(): Promise<void>
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

const CBOR = 'application/cbor'
const FORWARDED = ['accept', 'content-type', 'authorization', 'cookie'] as const

export async function openHostileServer(realUrl: string): Promise<HostileServer> {
  const real = new URL(realUrl)
  const said: Said[] = []
  const heads = new Map<ConversationId, ConversationHead>()
  const distortions = new Set<Distortion>()
  const lines = new Set<{ readonly near: WebSocket; readonly far: WebSocket }>()
  let authorization = ''

  async function exchange(
    method: string,
    target: string,
    headers: Record<string, string>,
    body?: Uint8Array,
  ) {
    const answer = await fetch(new URL(target, real), {
      method,
      headers: { ...headers, origin: real.origin },
      ...(body === undefined || body.length === 0 ? {} : { body: Uint8Array.from(body) }),
    })
    return {
      status: answer.status,
      cookies: answer.headers.getSetCookie(),
      type: answer.headers.get('content-type') ?? CBOR,
      body: new Uint8Array<ArrayBufferLike>(await answer.arrayBuffer()),
    }
  }
  type Exchanged = Awaited<ReturnType<typeof exchange>>

  /** The answer after all lies about this operation; undefined where there are none. */
  async function distort(call: Call, pass: () => Promise<Exchanged>): Promise<Exchanged> {
    let outer: Exchanged | undefined
    let answer = async (): Promise<unknown> => {
      outer = await pass()
      if (outer.status > 299) throw new Refusal(outer.status, 'as it is')
      return readAnswer(call.name, outer.body)
    }
    let isTrue = true
    for (const { answers } of distortions) {
      const change = answers?.[call.name] as
        | ((request: unknown, truth: () => Promise<unknown>) => unknown)
        | undefined
      if (change === undefined) continue
      const truth = answer
      isTrue = false
      answer = async () => change(call.request, truth)
    }
    if (isTrue) return pass()
    try {
      const body = writeAnswer(await answer())
      return { status: 200, cookies: outer?.cookies ?? [], type: CBOR, body }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.message === 'as it is' && outer !== undefined) return outer
      const body = writeAnswer({ error: { code: error.code, message: error.code, retry: 'never' } })
      return { status: error.status, cookies: [], type: CBOR, body }
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET'
    const target = request.url ?? '/'
    const body = await readBody(request)
    const headers: Record<string, string> = {}
    for (const name of FORWARDED) {
      const value = request.headers[name]
      if (value !== undefined) headers[name] = value
    }
    authorization = headers['authorization'] ?? authorization
    const pass = () => exchange(method, target, headers, body)
    const call = readCall(method, target, body)
    if (call !== undefined) said.push({ kind: 'request', call })
    const given = call === undefined ? await pass() : await distort(call, pass)
    response.writeHead(given.status, {
      'content-type': given.type,
      ...(given.cookies.length === 0 ? {} : { 'set-cookie': given.cookies }),
    })
    response.end(given.body)
  }

  function learn(told: Told): void {
    if (told.kind !== 'control') return
    const { frame } = told
    if (frame.t === 'ready' || frame.t === 'heads') {
      for (const head of frame.heads) heads.set(head.conversationId, head)
    }
  }

  function relay(near: WebSocket, bytes: Uint8Array): void {
    const first = readTold(bytes)
    if (first === undefined) {
      near.send(bytes)
      return
    }
    learn(first)
    let told: readonly Told[] = [first]
    for (const { tells } of distortions) if (tells !== undefined) told = told.flatMap(tells)
    for (const one of told) near.send(writeTold(one))
  }

  function hear(bytes: Uint8Array): boolean {
    const send = parseSend(bytes)
    if (send === undefined) return true
    const copy = { ...send, body: send.body.slice() }
    said.push({ kind: 'message', send: copy })
    return [...distortions].every(({ hears }) => hears === undefined || hears(copy))
  }

  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: () => SOCKET_PROTOCOL,
  })

  function connect(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const names = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
    const address = new URL(request.url ?? '/', real)
    address.protocol = 'ws:'
    sockets.handleUpgrade(request, stream, head, near => {
      const far = new WebSocket(address, names, { origin: real.origin, perMessageDeflate: false })
      const line = { near, far }
      const early: Buffer[] = []
      lines.add(line)
      near.on('message', (data: Buffer) => {
        if (far.readyState !== WebSocket.OPEN) early.push(data)
        else if (hear(data)) far.send(data)
      })
      far.on('open', () => {
        for (const data of early) if (hear(data)) far.send(data)
      })
      far.on('message', (data: Buffer) => relay(near, data))
      for (const end of [near, far]) end.on('error', () => undefined)
      near.on('close', () => {
        lines.delete(line)
        far.close()
      })
      far.on('close', code => near.close(code >= 1000 && code !== 1005 && code !== 1006 ? code : 1012))
    })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      response.writeHead(500)
      response.end(String(error))
    })
  })
  server.on('upgrade', connect)
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')

  const hangUp = () => {
    for (const { near } of lines) near.terminate()
  }
  return {
    url: `http://localhost:${address.port}`,
    said,
    heads,
    lie(distortion) {
      distortions.add(distortion)
      return () => distortions.delete(distortion)
    },
    tell(told) {
      for (const { near } of lines) near.send(writeTold(told))
    },
    async ask(name, request) {
      const { method, target, body } = placeRequest(name, request)
      const headers = { accept: CBOR, authorization, ...(body === undefined ? {} : { 'content-type': CBOR }) }
      const given = await exchange(method, target, headers, body)
      if (given.status > 299) throw new Error(`${OPERATIONS[name].name}: status ${given.status}`)
      return readAnswer(name, given.body)
    },
    hangUp,
    async close() {
      hangUp()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
