import { decodeCbor, encodeCbor, OPERATIONS, type OperationName } from '@entangle/protocol'
import { refreshTokenOf } from './seed.ts'

/** Each device comes from an address of its own, as in life: limits for each address stay on. */
const addressOf = (number: number): string =>
  `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`

async function call(
  port: number,
  operation: Extract<OperationName, 'refreshSession' | 'issueTicket'>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { path, method } = OPERATIONS[operation]
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { accept: 'application/cbor', 'content-type': 'application/cbor', ...headers },
    body: new Uint8Array(encodeCbor({})),
  })
  if (!answer.ok) throw new Error(`${operation} was answered with ${answer.status}`)
  return answer
}

const bodyOf = async (answer: Response): Promise<unknown> =>
  decodeCbor(new Uint8Array(await answer.arrayBuffer()))

export type DeviceAccess = { readonly accessToken: string; readonly address: string }

/** What a returning client does: its refresh token gives an access token. */
export async function refreshAccess(port: number, number: number): Promise<DeviceAccess> {
  const address = addressOf(number)
  const session = await call(port, 'refreshSession', {
    cookie: `__Host-entangle-refresh=${refreshTokenOf(number)}`,
    'x-forwarded-for': address,
  })
  const { accessToken } = OPERATIONS.refreshSession.response.parse(await bodyOf(session))
  return { accessToken, address }
}

/** … and the access token a ticket, good for one socket. */
export async function takeTicket(port: number, { accessToken, address }: DeviceAccess): Promise<string> {
  const issued = await call(port, 'issueTicket', {
    authorization: `Bearer ${accessToken}`,
    'x-forwarded-for': address,
  })
  return OPERATIONS.issueTicket.response.parse(await bodyOf(issued)).ticket
}
