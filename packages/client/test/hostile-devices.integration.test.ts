import { encodeCredential } from '@entangle/crypto'
import {
  type ConversationHead,
  decodeCbor,
  encodeCbor,
  encodeDeliver,
  FRAME,
  idToBytes,
  OPERATIONS,
  parseServerControl,
  readId,
} from '@entangle/protocol'
import { afterAll, expect, inject, test } from 'vitest'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import type { ChatId } from '../src/api/engine-api.ts'
import type { HttpAnswer, HttpRequest, Transport } from '../src/ports/transport.ts'
import { type Device, type Mortal, newDevice, startMortal } from './support/mortal.ts'
import { newPerson, openPerson, PASSWORD, type Person, until } from './support/person.ts'

const server = inject('server')
const people: Person[] = []
const engines: Mortal[] = []

afterAll(async () => {
  for (const engine of engines) await engine.bury()
  for (const person of people) await person.leave().catch(() => undefined)
})

/** Sees everything of one client, and lies to it. */
type Liar = {
  token: string | undefined
  head: ConversationHead | undefined
  deliver: (frame: Uint8Array) => void
  answer: (request: HttpRequest, answer: HttpAnswer) => HttpAnswer
}

const lying =
  (liar: Liar) =>
  (transport: Transport): Transport => ({
    origin: transport.origin,
    exchange: async request => {
      liar.token = request.accessToken ?? liar.token
      return liar.answer(request, await transport.exchange(request))
    },
    openSocket: (ticket, events) =>
      transport.openSocket(ticket, {
        ...events,
        received: frame => {
          liar.deliver = events.received
          const control = frame[0] === FRAME.control ? parseServerControl(frame) : undefined
          if (control?.t === 'heads' || control?.t === 'ready') liar.head = control.heads[0] ?? liar.head
          events.received(frame)
        },
      }),
  })

type Victim = {
  readonly engine: Mortal
  readonly device: Device
  readonly liar: Liar
  readonly handle: string
}

async function newVictim(): Promise<Victim> {
  const device = newDevice()
  const liar: Liar = {
    token: undefined,
    head: undefined,
    deliver: () => undefined,
    answer: (_, answer) => answer,
  }
  const engine = await startMortal({
    serverUrl: server.url,
    device,
    wrap: lying(liar),
    timing: { headCheck: { min: 150, max: 250 } },
  })
  engines.push(engine)
  const handle = `victim${Math.floor(Math.random() * 1e9)}`
  await engine.request('signUp', { handle, displayName: 'Victim', password: PASSWORD })
  return { engine, device, liar, handle }
}

async function talk({ engine, handle }: Victim) {
  const peer = await newPerson(server.url, 'peer', { receiptDelay: 30, selfUpdate: { min: 20, max: 60 } })
  people.push(peer)
  await peer.online()
  const { accountId } = await engine.request('findAccount', { handle: peer.handle })
  const toPeer: ChatId = await engine.request('openDirectChat', { accountId })
  await engine.request('sendText', { chatId: toPeer, text: 'hello' })
  const { id } = await peer.untilChat(handle, chat => chat.last?.text === 'hello')
  await peer.say(id, 'hello back')
  await until(engine, 'chats', chats => chats.some(chat => chat.last?.text === 'hello back'))
  await new Promise(resolve => setTimeout(resolve, 600))
  return { peer, toPeer, accountId }
}

/** Asks the server in the name of the victim. */
async function ask({ liar }: Pick<Victim, 'liar'>, target: string): Promise<Uint8Array> {
  const answer = await fetch(new URL(target, server.url), {
    headers: { accept: 'application/cbor', authorization: `Bearer ${liar.token}` },
  })
  expect(answer.status).toBe(200)
  return new Uint8Array(await answer.arrayBuffer())
}

/** The group as the server has it, and what makes a device that no list names a member of it. */
async function ghostOf({ liar }: Victim, accountId: string) {
  const head = liar.head
  if (head === undefined) throw new Error('no conversation was seen')
  const { conversationId } = head
  const body = await ask({ liar }, `/v1/chat/conversations/${conversationId}/group-info`)
  const group = OPERATIONS.readGroupInfo.response.parse(decodeCbor(body))
  const crypto = await loadNodeCrypto()
  const ghost = crypto.openDeviceState()
  const signatureKey = ghost.createSignatureKey()
  const deviceId = new Uint8Array(16).fill(7)
  const credential = encodeCredential({
    accountId: idToBytes(accountId),
    deviceId,
    certificateHash: new Uint8Array(32).fill(9),
  })
  const bundle = ghost.joinByExternalCommit({
    signatureKey,
    credential,
    groupInfo: group.groupInfo,
    ratchetTree: group.ratchetTree,
  })
  const event = {
    kind: 'commit' as const,
    conversationId,
    messageId: readId<never>(new Uint8Array(16).fill(5)),
    epoch: group.epoch,
    seq: group.lastSeq + 1,
    serverTime: Date.now(),
    senderDevice: readId<never>(deviceId),
    body: bundle.commit,
  }
  return { bundle, event, group }
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

async function expectRefused(victim: Victim, toPeer: ChatId): Promise<void> {
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.warning === 'identity-changed'))
  const before = victim.device.sent.length
  expect(await codeOf(victim.engine.request('sendText', { chatId: toPeer, text: 'secret' }))).toBe(
    'ENGINE_IDENTITY_CHANGED',
  )
  await new Promise(resolve => setTimeout(resolve, 400))
  expect(victim.device.sent.length).toBe(before)
}

test('P33 a ghost that claims the peer comes in by a commit that is not in the log: named, nothing sent', async () => {
  const victim = await newVictim()
  const { toPeer, accountId } = await talk(victim)
  const { event } = await ghostOf(victim, accountId)
  victim.liar.deliver(encodeDeliver(event))
  await expectRefused(victim, toPeer)
})

test('P33 a ghost that claims our own account, in log and tree alike: named, nothing sent', async () => {
  const victim = await newVictim()
  const { toPeer } = await talk(victim)
  const session = await until(victim.engine, 'session', state => state.phase === 'signed-in')
  const own = session.phase === 'signed-in' ? session.account.accountId : ''
  const { bundle, event, group } = await ghostOf(victim, own)
  const { conversationId: _, ...logged } = event
  victim.liar.answer = (request, answer) => {
    if (request.target.includes('/group-info')) {
      const { groupInfo, ratchetTree } = bundle
      const body = { epoch: group.epoch + 1, lastSeq: event.seq, groupInfo, ratchetTree }
      return { status: 200, body: encodeCbor(body) }
    }
    if (request.target.includes('/events?')) {
      return { status: 200, body: encodeCbor({ events: [logged], lastSeq: event.seq, beginsAfter: 0 }) }
    }
    return answer
  }
  victim.liar.deliver(encodeDeliver(event))
  await expectRefused(victim, toPeer)
})

test('P31 an earlier device list than the pinned one: named, nothing sent', async () => {
  const victim = await newVictim()
  const { peer, toPeer, accountId } = await talk(victim)
  const first = await ask(victim, `/v1/keys/identities/${accountId}`)
  const another = async (text: string) => {
    const device = await openPerson({ serverUrl: server.url, handle: peer.handle })
    people.push(device)
    await device.client.request('signIn', { handle: peer.handle, password: PASSWORD })
    const { id } = await device.untilChat(victim.handle, () => true)
    await device.say(id, text)
  }
  await another('from the second')
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.last?.text === 'from the second'))
  victim.liar.answer = (request, answer) =>
    request.target.includes(`/identities/${accountId}`) ? { status: 200, body: first } : answer
  await another('from the third')
  await expectRefused(victim, toPeer)
})
