import type { Opening } from './dialects.ts'
import type { RawSocket } from './raw-socket.ts'
import { openTcpClient } from './tcp-client.ts'

export const XMPP_HOST = 'localhost'
export const XMPP_PASSWORD = 'of a benchmark'
export const xmppUser = (number: number): string => `bench${number}`
const RESOURCE = 'bench'
const ID_DIGITS = 8

const STREAM = `<?xml version='1.0'?><stream:stream to='${XMPP_HOST}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const MESSAGE = Buffer.from('<message')
const MESSAGE_END = Buffer.from('</message>')

export function textMessage(to: number, number: number, text: string): Buffer {
  const id = number.toString(16).padStart(ID_DIGITS, '0')
  const address = `${xmppUser(to)}@${XMPP_HOST}/${RESOURCE}`
  return Buffer.from(
    `<message to='${address}' type='chat' id='${id}'><body>${text}</body></message>`,
    'latin1',
  )
}

/** Of the first tag: behind it the archive gives ids of its own. */
export function numberOf(chunk: Buffer, start: number, end: number): number | undefined {
  const tag = chunk.toString('latin1', start, Math.min(end, start + 400)).split('>', 1)[0] ?? ''
  const id = /\sid=['"]([0-9a-f]{8})['"]/.exec(tag)?.[1]
  return id === undefined ? undefined : Number.parseInt(id, 16)
}

/** Gives out each whole message; answers with where the rest begins. */
function readMessages(bytes: Buffer, onFrame: Opening['onFrame']): number {
  let at = 0
  for (;;) {
    const start = bytes.indexOf(MESSAGE, at)
    if (start < 0) return Math.max(at, bytes.length - MESSAGE.length)
    const last = bytes.indexOf(MESSAGE_END, start)
    if (last < 0) return start
    at = last + MESSAGE_END.length
    onFrame(bytes, start, at)
  }
}

/** Signs in without TLS: what is measured is the way of a message. */
export async function openXmppClient({ port, device, onFrame, onClose }: Opening): Promise<RawSocket> {
  const client = openTcpClient(port, onClose)
  const proof = Buffer.from(`\0${xmppUser(device.number)}\0${XMPP_PASSWORD}`).toString('base64')
  const hasFeatures = (text: string) => text.includes('</stream:features>')
  await client.ask(STREAM, hasFeatures)
  const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
  await client.ask(`<auth xmlns='${sasl}' mechanism='PLAIN'>${proof}</auth>`, text =>
    text.includes('<success'),
  )
  await client.ask(STREAM, hasFeatures)
  const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${RESOURCE}</resource></bind>`
  await client.ask(`<iq type='set' id='bind'>${bind}</iq>`, text => text.includes('</iq>'))
  let rest: Buffer = Buffer.alloc(0)
  client.onData = chunk => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    rest = bytes.subarray(readMessages(bytes, onFrame))
  }
  return client
}
