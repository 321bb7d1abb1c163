import { openVaultWithExportKey } from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import { createCheapPasswordProtocol, openDatabaseView, type ServerAddress } from '@entangle/testkit/harness'
import { expect } from 'vitest'
import { createNodeTransport } from '../../src/adapters/node/node-transport.ts'
import type { ChatId } from '../../src/api/engine-api.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { type PasswordContext, provePassword } from '../../src/session/password-proof.ts'
import { createApiClient } from '../../src/wire/api-client.ts'
import { type Device, type Mortal, newDevice, startMortal } from './mortal.ts'
import { PASSWORD, until } from './person.ts'
import { readArchiveKeys } from './stolen.ts'

const QUICK = { archiveDelay: 50, stateDelay: 50, headCheck: { min: 200, max: 400 } }

/** One device of somebody, with what is on it and the engine that runs there now. */
export type Place = { readonly device: Device; engine: Mortal; deviceId: string }

export type Wrap = (transport: Transport) => Transport

export type Household = {
  readonly handle: string
  readonly accountId: string
  readonly first: Place
  readonly others: readonly Place[]
  readonly peer: Place & { readonly handle: string; readonly accountId: string }
  readonly toPeer: ChatId
  readonly toOwner: ChatId
}

const PATIENCE_MS = 40_000

/** Real servers and several engines on one machine: slow is not wrong. */
export const poll = (work: () => unknown): ReturnType<typeof expect.poll> =>
  expect.poll(work, { timeout: PATIENCE_MS })

export const untilLast = (engine: Mortal, text: string) =>
  until(engine, 'chats', chats => chats.some(chat => chat.last?.text === text), PATIENCE_MS)

export const sessionOf = async (engine: Mortal) => {
  const session = await until(engine, 'session', state => state.phase === 'signed-in')
  if (session.phase !== 'signed-in') throw new Error('nobody is signed in')
  return session
}

export const say = (engine: Mortal, chatId: ChatId, text: string) =>
  engine.request('sendText', { chatId, text })

export const remove = (from: Place, place: Place, stolen = false) =>
  from.engine.request('removeDevice', { deviceId: place.deviceId as never, password: PASSWORD, stolen })

export const versions = async ({ device }: Place, accountId: string) =>
  (await readArchiveKeys(device, accountId)).map(({ version }) => version)

export const untilKeys = (place: Place, accountId: string, count: number) =>
  poll(() => versions(place, accountId)).toHaveLength(count)

export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

export function createHouseholds(server: () => ServerAddress) {
  const engines: Mortal[] = []

  async function start(device: Device, wrap?: Wrap): Promise<Mortal> {
    const serverUrl = server().url
    const engine = await startMortal({ serverUrl, device, timing: QUICK, ...(wrap && { wrap }) })
    engines.push(engine)
    return engine
  }

  async function place(handle: string, isNew: boolean, wrap?: Wrap): Promise<Place> {
    const device = newDevice()
    const engine = await start(device, wrap)
    if (isNew) await engine.request('signUp', { handle, displayName: handle, password: PASSWORD })
    else await engine.request('signIn', { handle, password: PASSWORD })
    const { deviceId } = await sessionOf(engine)
    await until(engine, 'connection', state => state.phase === 'online')
    return { device, engine, deviceId }
  }

  async function query(text: string, database = 'entangle_chat') {
    const view = await openDatabaseView(server().dataDir)
    try {
      return await view.query(database, text)
    } finally {
      await view.close()
    }
  }

  return {
    start,
    query,
    /** One more device of somebody. */
    addDevice: (handle: string, wrap?: Wrap) => place(handle, false, wrap),
    /** An account on several devices, in talk with one other. */
    async found(count: number, wrapPeer?: Wrap): Promise<Household> {
      const suffix = Math.floor(Math.random() * 1e9)
      const [handle, peerHandle] = [`owner${suffix}`, `peer${suffix}`]
      const first = await place(handle, true)
      const others: Place[] = []
      while (others.length < count - 1) others.push(await place(handle, false))
      const peer = await place(peerHandle, true, wrapPeer)
      const { account } = await sessionOf(first.engine)
      const { accountId } = await first.engine.request('findAccount', { handle: peerHandle })
      const toPeer = await first.engine.request('openDirectChat', { accountId })
      await say(first.engine, toPeer, 'hello')
      const [chat] = await untilLast(peer.engine, 'hello')
      if (chat === undefined) throw new Error('no chat')
      await say(peer.engine, chat.id, 'hello back')
      for (const { engine } of [first, ...others]) await untilLast(engine, 'hello back')
      return {
        handle,
        accountId: account.accountId,
        first,
        others,
        peer: { ...peer, handle: peerHandle, accountId },
        toPeer,
        toOwner: chat.id,
      }
    },
    waitingLetters: async (accountId: string) => {
      const found = await query(
        `SELECT count(*)::int AS n FROM device_letter WHERE encode(account_id, 'hex') = '${accountId}'`,
      )
      return Number(found[0]?.['n'])
    },
    /** What the password opens: the vault as it is now. */
    async openVault({ handle, accountId }: Pick<Household, 'handle' | 'accountId'>) {
      const transport = createNodeTransport(server().url, {
        header: () => undefined,
        take: async () => undefined,
      })
      const context: PasswordContext = {
        call: createApiClient(transport),
        passwords: createCheapPasswordProtocol(),
      }
      const { proof, exportKey } = await provePassword(context, handle, PASSWORD)
      const answer = await context.call('finishLogin', proof)
      if (answer.kind !== 'enrol') throw new Error('not offered to enrol')
      return openVaultWithExportKey(answer.vault.sealed, idToBytes(accountId), exportKey).contents
    },
    async end(): Promise<void> {
      for (const engine of engines) await engine.bury()
    },
  }
}
