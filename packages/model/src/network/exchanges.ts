import { type HttpRequest, NetworkError } from '@entangle/client/ports'
import { OPERATIONS } from '@entangle/protocol'
import type { FakeClock } from '../server/fake-clock.ts'
import { type Answer, type Cookies, type ModelServer, takeCookies } from '../server/model-server.ts'
import type { Parcel, Waiting } from './parcel.ts'

/** Asking these twice is as good as once. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'createConversation',
  'submitCommit',
  'leaveConversation',
  'writeInvite',
  'writeArchive',
  'writeAccountState',
  'publishKeyPackages',
  'settleWelcome',
])

const ROUTES = Object.entries(OPERATIONS).map(([name, { method, path }]) => ({
  name,
  method,
  pattern: new RegExp(`^${path.replace(/:[A-Za-z]+/g, '[^/]+')}$`),
}))

const operationName = ({ method, target }: HttpRequest): string => {
  const path = target.split('?')[0] ?? ''
  return ROUTES.find(route => route.method === method && route.pattern.test(path))?.name ?? target
}

type Exchange = {
  readonly name: string
  readonly request: HttpRequest
  /** As they were when the request left. */
  readonly cookies: Cookies
  answer: Answer | undefined
  readonly finish: (outcome: Answer | Error) => void
}

/** Requests of one device, each of which stops twice: on the way there, and on the way back. */
export function createExchanges(server: ModelServer, clock: FakeClock, jar: Cookies) {
  const exchanges: Exchange[] = []

  const settle = (exchange: Exchange, outcome: Answer | Error) => {
    const at = exchanges.indexOf(exchange)
    if (at < 0) return
    exchanges.splice(at, 1)
    exchange.finish(outcome)
  }

  const ask = async (exchange: Exchange) => {
    exchange.answer = await server.exchange(exchange.request, exchange.cookies)
  }

  const parcelThere = (exchange: Exchange): Parcel => ({
    label: exchange.name,
    release: () => ask(exchange),
    lose: () => settle(exchange, new NetworkError('lost')),
    ...(REPEATABLE.has(exchange.name)
      ? {
          repeat: async () => {
            await server.exchange(exchange.request, exchange.cookies)
            await ask(exchange)
          },
        }
      : {}),
  })

  const parcelBack = (exchange: Exchange, answer: Answer): Parcel => ({
    label: `${String(answer.status)} to ${exchange.name}`,
    release: async () => settle(exchange, answer),
    lose: () => settle(exchange, new NetworkError('answer lost')),
  })

  return {
    start: (request: HttpRequest) =>
      new Promise<Answer>((resolve, reject) => {
        const exchange: Exchange = {
          name: operationName(request),
          request,
          cookies: new Map(jar),
          answer: undefined,
          finish: outcome => {
            cancel()
            if (outcome instanceof Error) reject(outcome)
            else {
              takeCookies(jar, outcome)
              resolve(outcome)
            }
          },
        }
        const cancel = clock.after(request.timeoutMs, () => settle(exchange, new NetworkError('timeout')))
        exchanges.push(exchange)
      }),
    waiting: (): Waiting[] =>
      exchanges.map(exchange => () => {
        const { answer } = exchange
        return answer === undefined ? parcelThere(exchange) : parcelBack(exchange, answer)
      }),
    failAll(reason: string): void {
      for (const exchange of [...exchanges]) settle(exchange, new NetworkError(reason))
    },
  }
}
